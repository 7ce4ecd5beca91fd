// The daemon's log: lines as text and as JSON, and files that follow each other.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { daemonLog } from "../../src/cli/logs/daemon-log.ts";
import { LogFiles } from "../../src/cli/logs/log-files.ts";
import { systemClock } from "../../src/core/clock.ts";
import { isSilent } from "../../src/core/log.ts";

const AT = Date.UTC(2026, 10, 30, 2, 14, 0, 103);

function log(format: "text" | "json", level: "DEBUG" | "INFO" | "WARNING" | "ERROR" = "INFO") {
  const lines: string[] = [];
  const sinks = [{ write: (line: string) => void lines.push(line) }];
  return { lines, logger: daemonLog({ level, format, clock: { now: () => AT }, sinks }) };
}

const SUCCEEDED = {
  runId: "hello:1:5",
  jobId: "hello",
  attempt: 1,
  status: "SUCCESS",
  durationMs: 102,
  time: "2026-11-30T02:14:00.000Z",
};

describe("a line", () => {
  test("of an execution has the job, the time, the status and the duration, at the level INFO", () => {
    const text = log("text");
    text.logger.debug('job "hello" succeeded', SUCCEEDED);
    expect(text.lines).toEqual([
      '2026-11-30T02:14:00.000Z INFO    job "hello" succeeded jobId=hello status=SUCCESS durationMs=102 attempt=1 runId=hello:1:5',
    ]);
    const json = log("json");
    json.logger.debug('job "hello" succeeded', SUCCEEDED);
    expect(JSON.parse(json.lines[0] ?? "")).toEqual({
      level: "INFO",
      message: 'job "hello" succeeded',
      ...SUCCEEDED,
    });
  });

  test("of a failure is an ERROR, with its stack in JSON alone", () => {
    const told = {
      ...SUCCEEDED,
      status: "FAILURE",
      error: { name: "E", message: "m", stack: "s" },
    };
    const [text, json] = [log("text"), log("json")];
    for (const { logger } of [text, json]) logger.error('job "hello" failed: E: m', told);
    expect(text.lines[0]).toMatch(/ERROR {3}job "hello" failed: E: m jobId=hello status=FAILURE/);
    expect(text.lines[0]).not.toContain("stack");
    expect(JSON.parse(json.lines[0] ?? "")).toMatchObject({ error: { stack: "s" } });
  });

  test.each([
    ["DEBUG", ["d", "i", "w", "e", "ok"]],
    ["INFO", ["i", "w", "e", "ok"]],
    ["WARNING", ["w", "e"]],
    ["ERROR", ["e"]],
  ] as const)("is written from the level %s on", (level, expected) => {
    const { lines, logger } = log("json", level);
    logger.debug("d");
    logger.info("i");
    logger.warn("w");
    logger.error("e");
    logger.debug("ok", SUCCEEDED);
    expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(
      expected,
    );
  });

  test("nobody makes lines of successes for a log without them", () => {
    expect(isSilent(log("text", "WARNING").logger, "debug")).toBe(true);
    expect(isSilent(log("text", "INFO").logger, "debug")).toBe(false);
  });

  test.each(["text", "json"] as const)(
    "has no character that could command a terminal: %s",
    (format) => {
      const { lines, logger } = log(format);
      logger.info("a\u001b[31m\nb\u202e", { jobId: "x\u001b]0;title\u0007\r\ny", "k\u009b": "v" });
      expect(lines).toHaveLength(1);
      // oxlint-disable-next-line no-control-regex
      expect(lines[0]).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
      if (format === "json")
        expect(JSON.parse(lines[0] ?? "")).toMatchObject({ message: "a\u001b[31m\nb\u202e" });
    },
  );

  test.each(["text", "json"] as const)(
    "is bounded, and whatever it holds it is one: %s",
    (format) => {
      const { lines, logger } = log(format);
      logger.info("m".repeat(100_000), { many: "x".repeat(100_000) });
      const circle: Record<string, unknown> = {};
      circle["self"] = circle;
      logger.info("circle", { circle, big: 10n, error: new Error("within") });
      expect(lines).toHaveLength(2);
      for (const line of lines) expect(line.length).toBeLessThan(20_000);
      if (format === "json") for (const line of lines) JSON.parse(line);
    },
  );
});

describe("log files", () => {
  test("follow each other by size, only so many, for their owner alone", async () => {
    const parent = mkdtempSync(join(tmpdir(), "cronduit-logs-"));
    onTestFinished(() => rmSync(parent, { recursive: true }));
    const folder = join(parent, "logs");
    const troubles: string[] = [];
    const onTrouble = (message: string) => void troubles.push(message);
    const files = new LogFiles({ folder, maxSize: "1K", keep: 3, clock: systemClock, onTrouble });
    for (let i = 0; i < 100; i += 1) {
      files.write(`${i} ${"x".repeat(100)}`);
      // Rotating takes turns of the event loop.
      if (i % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await files.close();
    const names = () => readdirSync(folder).filter((name) => name.endsWith(".log"));
    await expect.poll(() => names().length).toBeLessThanOrEqual(4);
    expect(names()).toContain("cronduit.log");
    expect(names().some((name) => /^cronduit-\d{4}-\d\d-\d\d-\d+\.log$/.test(name))).toBe(true);
    const all = names()
      .map((name) => readFileSync(join(folder, name), "utf8"))
      .join("");
    expect(all).toContain("99 x");
    expect(all).not.toContain("\n0 x");
    for (const name of names()) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(troubles).toEqual([]);
  });

  test("that can't be written are told, and hold nothing up", async () => {
    const parent = mkdtempSync(join(tmpdir(), "cronduit-logs-"));
    onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
    const folder = join(parent, "logs");
    const troubles: string[] = [];
    const onTrouble = (message: string) => void troubles.push(message);
    const files = new LogFiles({ folder, maxSize: "1K", keep: 3, clock: systemClock, onTrouble });
    files.write("first");
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "in the way");
    for (let i = 0; i < 100; i += 1) files.write("x".repeat(100));
    await expect.poll(() => troubles.length, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(troubles[0]).toContain(folder);
    files.write("after");
    await files.close();
  });
});
