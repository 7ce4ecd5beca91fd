// Which failures are those of a server that is not there or does not work.
import { expect, inject, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { withDeadline } from "../../src/engine/calls/with-deadline.ts";
import { TestEngine } from "../contract/test-engine.ts";

test.each([
  ["57P03", "the database system is in recovery mode"],
  ["57P03", "the database system is not yet accepting connections"],
  ["53300", "remaining connection slots are reserved for roles with the SUPERUSER attribute"],
  ["25006", "cannot execute INSERT in a read-only transaction"],
  ["ReplyError", "BUSY Redis is busy running a script."],
  ["ReplyError", "READONLY You can't write against a read only replica."],
  ["ReplyError", "CLUSTERDOWN The cluster is down"],
  ["EAI_AGAIN", "getaddrinfo EAI_AGAIN db.internal"],
  ["ENETUNREACH", "connect ENETUNREACH 10.0.0.1:5432 - Local (0.0.0.0:0)"],
])("%s, %s: the call may be repeated, and the message says why", async (code, message) => {
  const call = { clock: systemClock, timeoutMs: 1_000, what: "admit", server: "postgres" };
  const failing = withDeadline(call, () =>
    Promise.reject(Object.assign(new Error(message), { code })),
  );
  await expect(failing).rejects.toMatchObject({
    code: "CONNECTION_FAILED",
    message: expect.stringContaining(message),
  });
});

test.each([
  ["no socket", () => "postgres:///none?host=/nowhere", "ENOENT"],
  ["a server without TLS", () => `${inject("postgresUrl")}?sslmode=verify-full`, "SSL"],
])("%s is told in words, with the reason", async (_, url, reason) => {
  const bench = new TestEngine(url(), "none");
  await expect(bench.engine.open()).rejects.toMatchObject({
    code: "CONNECTION_FAILED",
    message: expect.stringContaining(reason),
  });
  await bench.engine.close();
});
