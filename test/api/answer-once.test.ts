import { expect, test } from "vitest";
import { answerOnce, type RepeatableCall } from "../../src/api/idempotency/answer-once.ts";
import { CronduitError } from "../../src/core/errors.ts";
import type { DocumentsPort } from "../../src/engine/port/engine.ts";

const call: RepeatableCall = {
  key: "k-1",
  caller: { actor: { kind: "cli", id: "ana" }, via: "local" },
  target: "POST /api/jobs/a/run",
  body: {},
  isSecret: false,
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
