// Messages that the documents quote are those that the package gives.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Outage } from "../../src/engine/calls/outage.ts";
import { jobOptionsSchema, parseOptions } from "../../src/jobs/options.ts";
import { schedulerOptionsSchema } from "../../src/scheduler/scheduler-options.ts";
import { workerOptionsSchema } from "../../src/worker/worker-options.ts";
import { parseDuration } from "../../src/core/durations.ts";

function read(page: string): string {
  return readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8");
}

test("docs/durations.md quotes the refusal of milliseconds", () => {
  const [, quoted = ""] = /^```text\n(.+)\n```$/m.exec(read("durations.md")) ?? [];
  expect(() => parseOptions(jobOptionsSchema, { timeout: 30_000 }, "addJob")).toThrow(quoted);
  expect(quoted).toContain("30s");
});

test("docs/operations.md quotes the warning of an outage", () => {
  const lines: string[] = [];
  const say = (text: string) => void lines.push(text);
  const ended = () => undefined;
  const clock = {
    now: () => 0,
    elapsed: () => 0,
    after(delayMs: number, action: () => void) {
      if (delayMs < 300) action();
      return ended;
    },
  };
  const outage = new Outage({
    clock,
    logger: { debug: say, info: say, warn: say, error: say },
    server: () => "redis 7.2.4 at 10.0.0.5:6379",
    ask: () => new Promise(() => undefined),
  });
  outage.takes(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }));
  outage.end();
  const [, quoted = ""] = /`(no connection to [^`]+)…`/.exec(read("operations.md")) ?? [];
  const [begin = "", end = ""] = quoted.split(" …)");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(begin);
  expect(lines[0]).toContain(`)${end}`);
  expect(end).not.toBe("");
});

test("docs/operations.md names the defaults of the code", () => {
  const given = { connection: "redis://127.0.0.1" };
  const defaults = new Map<string, unknown>([
    ...Object.entries(schedulerOptionsSchema.parse(given)),
    ...Object.entries(workerOptionsSchema.parse(given)),
  ]);
  const rows = [...read("operations.md").matchAll(/^\| `(\w+)` +\| (\d+)( m?s)? +\|/gm)];
  expect(rows.length).toBeGreaterThan(5);
  for (const [, option = "", number = "", unit] of rows) {
    const value = unit === undefined ? Number(number) : parseDuration(`${number}${unit}`);
    expect([option, value]).toEqual([option, defaults.get(option)]);
  }
});
