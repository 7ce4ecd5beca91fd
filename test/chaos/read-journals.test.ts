import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Fault } from "./history/history.ts";
import { livingRuns, readWitnesses } from "./history/read-journals.ts";
import type { Line } from "./program/journal.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "cronduit-journals-"));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(file: string, lines: readonly Line[]): void {
  writeFileSync(join(dir, file), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

function start(at: number, attempt = 1): Line {
  const run = { job: "job", run: "job:1:0", fireAt: 0, dueAt: 0, rev: 0, act: "sleepy" };
  return { what: "start", at, attempt, admittedAt: at, ...run };
}

function end(at: number, about: { ok: boolean; asleep?: true }, attempt = 1): Line {
  return { what: "end", at, run: "job:1:0", attempt, ...about };
}

describe("attempts", () => {
  test("one that slept and went on in the same process is two, each with its own end", () => {
    write("worker.7.jsonl", [
      start(10),
      end(20, { ok: false, asleep: true }),
      start(30),
      end(40, { ok: true }),
    ]);
    expect(readWitnesses(dir, "redis").attempts).toMatchObject([
      { startAt: 10, endAt: 20, isAsleep: true },
      { startAt: 30, endAt: 40, endedOk: true },
    ]);
    expect(livingRuns(dir)).toEqual([]);
  });

  test("one without an end lives, until its process is dead", () => {
    write("worker.7.jsonl", [start(10), end(20, { ok: false }), start(30, 2)]);
    expect(livingRuns(dir)).toMatchObject([{ pid: 7, at: 30, attempt: 2 }]);
    write("harness.1.jsonl", [{ what: "dead", at: 50, dead: 7 }]);
    expect(readWitnesses(dir, "redis").attempts[1]).toMatchObject({ startAt: 30, diedAt: 50 });
  });
});

describe("a call without an answer", () => {
  const edit = { id: 1, job: "job", change: { kind: "pause" } } as const;
  const lines: readonly Line[] = [
    { what: "call", at: 1_000, edit, call: 1 },
    { what: "answer", at: 6_000, call: 1, result: "unknown" },
    { what: "call", at: 6_300, edit, call: 2 },
    { what: "answer", at: 6_400, call: 2, result: "ok" },
  ];

  test("is settled on Redis by the answer to the next one", () => {
    write("scheduler.7.jsonl", lines);
    expect(readWitnesses(dir, "redis").calls.map(({ to }) => to)).toEqual([6_400, 6_400]);
  });

  test("may take effect on PostgreSQL for a while, and after the server is back", () => {
    write("scheduler.7.jsonl", lines);
    expect(readWitnesses(dir, "postgres").calls.map(({ to }) => to)).toEqual([16_000, 6_400]);
    const fault: Fault = { kind: "freeze-server", from: 15_000, to: 19_000 };
    write("harness.1.jsonl", [{ what: "fault", fault }]);
    const { calls } = readWitnesses(dir, "postgres");
    expect(calls.map(({ to }) => to)).toEqual([29_000, 6_400]);
    expect(calls.map(({ isRepeated }) => isRepeated)).toEqual([true, undefined]);
  });
});
