import { expect, test } from "vitest";
import { type PinoLike, pinoLogger } from "../../src/core/pino-logger.ts";

/** Prints as pino does: the fields first, the message after them, methods of an instance. */
class Recorder implements PinoLike {
  readonly written: unknown[][] = [];
  readonly debug = (...given: unknown[]) => void this.written.push(["debug", ...given]);
  readonly info = (...given: unknown[]) => void this.written.push(["info", ...given]);
  warn(...given: unknown[]): void {
    this.written.push(["warn", ...given]);
  }
  error(...given: unknown[]): void {
    this.written.push(["error", ...given]);
  }
}

test("a logger that takes the fields first gets them first", () => {
  const pino = new Recorder();
  const logger = pinoLogger(pino);
  const cause = new Error("why");
  logger.info("begun", { runId: "a" });
  logger.debug("nothing else");
  logger.warn("it says", { error: "a text" });
  logger.error("failed", { runId: "a", error: cause });
  expect(pino.written).toEqual([
    ["info", { runId: "a" }, "begun"],
    ["debug", {}, "nothing else"],
    ["warn", { error: "a text" }, "it says"],
    ["error", { runId: "a", err: cause }, "failed"],
  ]);
});
