import { randomUUID } from "node:crypto";
import { describe, expect, inject, test } from "vitest";
import { startProgram } from "../helpers/process.ts";
import { TcpProxy } from "../healing/tcp-proxy.ts";
import type { EndCall, EndingOptions } from "./ending-program.ts";

/** Wide: these ends took 44 to over 120 s, and for ever. */
const SLACK_MS = 6_000;

type Given = Pick<EndingOptions, "kind" | "run"> & {
  readonly drainS?: number;
  readonly end?: readonly EndCall[];
  readonly gone?: "refused" | "cut" | "hole";
};

/** How long a shutdown took without its server, until it resolved and until the process exited. */
async function endWithoutServer(
  server: string,
  { kind, run, drainS = 6, end = ["stop"], gone = "hole" }: Given,
): Promise<{ endedMs: number; processMs: number }> {
  const proxy = await TcpProxy.start(server);
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (!isClosed) await proxy[Symbol.asyncDispose]();
    isClosed = true;
  };
  const url = new URL(server);
  url.port = String(proxy.port);
  const options: EndingOptions = {
    url: url.href,
    own: server,
    prefix: `end-${randomUUID().slice(0, 8)}`,
    kind,
    run,
    drain: `${drainS}s`,
  };
  await using program = startProgram("test/worker/ending-program.ts", {
    args: [JSON.stringify(options)],
  });
  try {
    await program.waitFor((message) => has(message, "ready"));
    if (run !== "none") await program.waitFor((message) => has(message, "running"));
    if (gone === "refused") await close();
    else proxy.set(gone);
    const from = performance.now();
    program.send({ end });
    const ended = await program.waitFor((message) => has(message, "endedMs"), {
      timeoutMs: 150_000,
    });
    await program.exited();
    const processMs = performance.now() - from;
    return { endedMs: (ended as { endedMs: number }).endedMs, processMs };
  } finally {
    await close();
  }
}

function has(message: unknown, key: string): boolean {
  return typeof message === "object" && message !== null && key in message;
}

describe.each(["redisUrl", "postgresUrl"] as const)("%s is gone for good", (server) => {
  test.concurrent.for<Given>([
    { kind: "scheduler", run: "deaf", gone: "hole" },
    { kind: "scheduler", run: "obeys", gone: "cut" },
    { kind: "scheduler", run: "none", gone: "refused" },
    { kind: "worker", run: "deaf", gone: "refused" },
    { kind: "worker", run: "obeys", gone: "hole" },
    { kind: "worker", run: "none", gone: "hole" },
  ])(
    "$kind with a run that $run, server $gone: the end takes no longer than drain",
    { timeout: 200_000 },
    async (given) => {
      const { endedMs, processMs } = await endWithoutServer(inject(server), given);
      expect(endedMs).toBeLessThan(6_000 + SLACK_MS);
      expect(processMs).toBeLessThan(6_000 + SLACK_MS);
    },
  );

  test.concurrent.for<Given>([
    { kind: "scheduler", run: "deaf", end: ["no-wait"], gone: "hole" },
    { kind: "scheduler", run: "none", end: ["no-wait"], gone: "cut" },
    { kind: "worker", run: "obeys", end: ["no-wait"], gone: "refused" },
    { kind: "scheduler", run: "deaf", end: ["stop", "no-wait"], gone: "refused" },
    { kind: "worker", run: "deaf", end: ["stop", "no-wait"], gone: "cut" },
  ])(
    "$kind with a run that $run, server $gone, calls $end: within 5 s",
    { timeout: 200_000 },
    async (given) => {
      // What the weaker call alone would wait for.
      const given120 = { ...given, drainS: 120 };
      const { endedMs, processMs } = await endWithoutServer(inject(server), given120);
      expect(endedMs).toBeLessThan(5_000 + SLACK_MS);
      expect(processMs).toBeLessThan(5_000 + SLACK_MS);
    },
  );
});
