import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { answerOnce, type RepeatableCall } from "../../src/api/idempotency/answer-once.ts";
import { CronduitError } from "../../src/core/errors.ts";
import { partsOf } from "../../src/scheduler/pipeline-scheduler.ts";
import type { DocumentsPort } from "../../src/engine/port/engine.ts";
import { AccountsFleet, GOOD } from "./accounts-fleet.ts";

const call: RepeatableCall = {
  key: "k-1",
  caller: { actor: { kind: "cli", id: "ana" }, via: "local" },
  target: "POST /api/jobs/a/run",
  body: {},
  isSecret: false,
  bodyIsSecret: false,
};

test("what was done is answered, even if the server is gone before that can be noted; and the key stays in use", async () => {
  const deleted: string[] = [];
  let puts = 0;
  const documents = {
    putIfRevision: async () => {
      puts += 1;
      if (puts > 1) throw new CronduitError("CONNECTION_FAILED", "The server is gone.");
      return { outcome: "stored", revision: 1 };
    },
    delete: async (key: string) => {
      deleted.push(key);
      return { outcome: "deleted" };
    },
  } as unknown as DocumentsPort;
  const store = { open: async () => documents, now: async () => 0 };
  const answer = await answerOnce(store, call, async () => Response.json({ runId: "a:m1:1" }));
  expect(await answer.json()).toEqual({ runId: "a:m1:1" });
  expect([puts, deleted]).toEqual([2, []]);
});

test("what is kept of a password is no fast hash, which could be guessed from", async () => {
  await using fleet = new AccountsFleet();
  await fleet.addUser("ana");
  const body = { which: "all", password: GOOD };
  const as = await fleet.jwtOf("ana");
  const headers = { "idempotency-key": "1" };
  const ended = await fleet.call("/session/end", { method: "POST", as, body, headers });
  expect(ended.status).toBe(204);
  const parts = ["1", "POST /api/session/end", body, "viewer", ["ana"], "own"];
  const fast = createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
  const { documents } = partsOf(fleet.scheduler)?.engine ?? {};
  const page = await documents?.list("api/idempotency/", undefined, 10);
  expect(page?.documents).toHaveLength(1);
  expect(JSON.stringify(page)).not.toContain(fast);
});
