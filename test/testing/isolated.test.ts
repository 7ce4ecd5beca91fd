// Isolated runs in a test: their processes are real, what happens to them is on the test's time.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { createTestScheduler } from "../../src/testing.ts";
import { startCompiledChildren } from "../helpers/compiled-path.ts";
import { Isolated } from "../worker/isolated-pipelines.ts";

const dir = mkdtempSync(join(tmpdir(), "cronduit-isolated-"));
startCompiledChildren();
afterAll(() => rmSync(dir, { recursive: true }));

const LONG = { timeout: 90_000 };
let files = 0;

async function open(act: string, options: object = {}) {
  const file = join(dir, `notes-${(files += 1)}`);
  writeFileSync(file, "");
  const t = await createTestScheduler({
    pipelines: [Isolated],
    now: "2031-01-01T00:00Z",
    patience: "60s",
  });
  await t.addJob(Isolated, {
    id: act,
    trigger: "date",
    runDate: "2031-01-01T01:00Z",
    isolate: "process",
    params: { act, file },
    ...options,
  });
  const notes = () => readFileSync(file, "utf8").split("\n").filter(Boolean);
  return { t, notes };
}

test(
  "it is executed in a process of its own, with the context of the test's time",
  LONG,
  async () => {
    const { t } = await open("tell");
    await using _ = t;
    await t.advanceBy("2h");
    const [run] = t.runs("tell");
    expect(run).toMatchObject({
      verdict: "succeeded",
      startedAt: new Date("2031-01-01T01:00Z"),
      result: { fireTime: "2031-01-01T01:00:00.000Z" },
    });
    expect(run?.result).not.toMatchObject({ pid: process.pid });
    expect(run?.result).toMatchObject({ pid: expect.any(Number) as number });
    const { lines } = await t.getLogs(run?.id ?? "");
    expect(lines.map(({ message }) => message)).toContain("to standard output");
    t.assertAllAccountedFor();
  },
);

test("it sleeps on the test's time, and a retry waits on it", LONG, async () => {
  const { t, notes } = await open("sleep");
  await using _ = t;
  await t.advanceBy("2h");
  const [slept] = t.runs("sleep");
  expect(slept).toMatchObject({ verdict: "succeeded", result: "slept" });
  // Its process goes by the machine's clock, from the test's time on.
  expect(slept?.finishedAt?.getTime()).toBeGreaterThanOrEqual(Date.parse("2031-01-01T01:00:02Z"));
  expect(slept?.finishedAt?.getTime()).toBeLessThan(Date.parse("2031-01-01T01:59Z"));
  expect(notes().filter((note) => note.startsWith("before"))).toHaveLength(1);

  const again = await open("steps", { retry: { attempts: 2, delay: "10m" } });
  await using another = again.t;
  await another.advanceBy("2h");
  const [retried] = another.runs("steps");
  expect(retried).toMatchObject({ verdict: "succeeded", attempt: 2, result: "three" });
  expect(retried?.finishedAt?.toISOString()).toBe("2031-01-01T01:10:00.000Z");
  expect(again.notes().filter((note) => note.startsWith("one"))).toHaveLength(1);
});

test("it dies with its worker, and the next attempt is another process", LONG, async () => {
  const { t, notes } = await open("wait");
  await using _ = t;
  const pids = () => notes().map((note) => Number(note.split(" ").at(-1)));
  const moved = t.advanceBy("61m");
  await vi.waitUntil(() => pids().length === 1, { timeout: 60_000 });
  expect(await t.killWorker()).toHaveLength(1);
  const [first = 0] = pids();
  await vi.waitUntil(() => !isAlive(first), { timeout: 60_000 });
  // The lock has expired by then.
  await vi.waitUntil(() => pids().length === 2, { timeout: 60_000 });
  expect(notes()[1]).toMatch(/^begin 2 /);
  expect(pids()[1]).not.toBe(first);
  await t.close();
  await moved;
  await vi.waitUntil(() => !isAlive(pids()[1] ?? 0), { timeout: 60_000 });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
