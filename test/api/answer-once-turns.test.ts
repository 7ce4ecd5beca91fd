import { expect, test, vi } from "vitest";
import { answerOnce } from "../../src/api/idempotency/answer-once.ts";
import type { DocumentsPort } from "../../src/engine/port/engine.ts";

const { slow } = vi.hoisted(() => ({ slow: { active: 0, most: 0 } }));

/** A slow hash in no time, which tells how many there are at once. */
vi.mock("node:crypto", async (original) => ({
  ...(await original<object>()),
  scrypt(...args: unknown[]) {
    slow.active += 1;
    slow.most = Math.max(slow.most, slow.active);
    setImmediate(() => {
      slow.active -= 1;
      (args.at(-1) as (error: null, bytes: Buffer) => void)(null, Buffer.alloc(32));
    });
  },
}));

test("bodies with a password are hashed one at a time, a hundred wait, and more are refused", async () => {
  const documents = {
    putIfRevision: async () => ({ outcome: "stored", revision: 1 }),
  } as unknown as DocumentsPort;
  const store = { open: async () => documents, now: async () => 0 };
  const ask = (i: number) =>
    answerOnce(
      store,
      {
        key: `k-${i}`,
        caller: { actor: { kind: "cli", id: "ana" }, via: "local" },
        target: "POST /api/session/end",
        body: { password: "x" },
        isSecret: false,
        bodyIsSecret: true,
      },
      async () => new Response(null, { status: 204 }),
    );
  const answers = await Promise.allSettled(Array.from({ length: 150 }, (_, i) => ask(i)));
  const refused = answers.filter(({ status }) => status === "rejected");
  expect(slow.most).toBe(1);
  expect(refused).toHaveLength(49);
  expect(refused[0]).toMatchObject({ reason: { code: "TOO_MANY_ATTEMPTS" } });
});
