import { expect, test } from "vitest";
import { CronduitError, type Logger, systemClock } from "../../src/index.ts";
import type { Engine, LogWrite } from "../../src/engine/port/engine.ts";
import { type LogOwner, LogWriter } from "../../src/worker/log-writer.ts";

const quiet = (): void => undefined;
const logger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

function ownerOf(runId: string): LogOwner {
  return { jobId: "job", runId, maxBytes: 1e9, retention: { runs: 10, ageMs: 1e9 } };
}

/** A server that handles lines as told; the only part of an engine in use. */
class Server {
  readonly kept: string[] = [];
  calls = 0;
  answer: () => Promise<void> = () => Promise.resolve();
  readonly engine = {
    logs: {
      append: async (writes: readonly LogWrite[]): Promise<void> => {
        this.calls += 1;
        await this.answer();
        for (const { runId, lines } of writes)
          for (const { message } of lines) this.kept.push(`${runId} ${message}`);
      },
    },
  } as unknown as Engine;
}

function write(writer: LogWriter, runId: string, message: string, weight = 10): void {
  const line = { at: 1, level: "info", message, attempt: 1 } as const;
  writer.add(ownerOf(runId), { line, weight });
}

test("lines of many runs go together, each run's in their order", async () => {
  const server = new Server();
  const writer = new LogWriter(server.engine, systemClock, logger);
  for (let i = 0; i < 30; i += 1) write(writer, `r${i % 3}`, `${i}`);
  expect(server.kept).toEqual([]);
  await writer.flush("r1");
  expect(server.calls).toBe(1);
  const of = (runId: string) => server.kept.filter((line) => line.startsWith(runId));
  expect(of("r1")).toEqual(Array.from({ length: 10 }, (_, i) => `r1 ${i * 3 + 1}`));
  expect(server.kept).toHaveLength(30);
  await writer.flush("r1");
  expect(server.calls).toBe(1);
});

test("without a flush they go soon", async () => {
  const server = new Server();
  const writer = new LogWriter(server.engine, systemClock, logger);
  write(writer, "run", "one");
  await expect.poll(() => server.kept).toEqual(["run one"]);
  for (let i = 0; i < 100; i += 1) write(writer, "run", `${i}`);
  // A hundred don't wait for the time to be over.
  await Promise.resolve();
  expect(server.calls).toBe(2);
});

test("a server that does not answer holds nobody for long, and gets the lines when it does", async () => {
  const server = new Server();
  const writer = new LogWriter(server.engine, systemClock, logger);
  let answer: () => void = () => undefined;
  server.answer = () => new Promise((resolve) => (answer = resolve));
  write(writer, "run", "one");
  const from = performance.now();
  await writer.flush("run");
  expect(performance.now() - from).toBeLessThan(10_000);
  expect(server.kept).toEqual([]);
  write(writer, "run", "two");
  server.answer = () => Promise.resolve();
  answer();
  await writer.flush("run");
  expect(server.kept).toEqual(["run one", "run two"]);
});

test("lines that did not reach the server are sent again, in their order", async () => {
  const server = new Server();
  const writer = new LogWriter(server.engine, systemClock, logger);
  server.answer = () => Promise.reject(new CronduitError("CONNECTION_FAILED", "away"));
  write(writer, "run", "one");
  await writer.flush("run");
  write(writer, "run", "two");
  server.answer = () => Promise.resolve();
  await expect.poll(() => server.kept, { timeout: 10_000 }).toEqual(["run one", "run two"]);
});

test("what a server refuses is not sent for ever", async () => {
  const server = new Server();
  const writer = new LogWriter(server.engine, systemClock, logger);
  server.answer = () => Promise.reject(new CronduitError("INTERNAL", "no"));
  write(writer, "run", "one");
  await writer.flush("run");
  server.answer = () => Promise.resolve();
  write(writer, "run", "two");
  await writer.flush("run");
  expect(server.kept).toEqual(["run two"]);
});

test("when it is closed, what is said later goes nowhere", async () => {
  const server = new Server();
  const writer = new LogWriter(server.engine, systemClock, logger);
  write(writer, "run", "one");
  await writer.close();
  write(writer, "run", "two");
  await writer.flush();
  expect(server.kept).toEqual(["run one"]);
  expect(server.calls).toBe(1);
});

test("what finds no room is counted, and the log says so", async () => {
  const server = new Server();
  const writer = new LogWriter(server.engine, systemClock, logger);
  server.answer = () => Promise.reject(new CronduitError("CONNECTION_FAILED", "away"));
  for (let i = 0; i < 20; i += 1) write(writer, "run", `${i}`, 1024 * 1024);
  await writer.flush("run");
  server.answer = () => Promise.resolve();
  await expect.poll(() => server.kept.length, { timeout: 10_000 }).toBe(9);
  expect(server.kept.at(7)).toBe("run 7");
  expect(server.kept.at(8)).toBe(
    "run 12 lines were lost here: the server did not take them in time",
  );
});
