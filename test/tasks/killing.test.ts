import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { supervise } from "../../src/tasks/program/supervise.ts";
import { startProgram } from "../helpers/process.ts";
import { eventually } from "../worker/test-scheduler.ts";
import { processesWith, TaskFleet } from "./task-fleet.ts";

const folder = mkdtempSync(join(tmpdir(), "cronduit-killing-"));
let fleet: TaskFleet;

beforeAll(async () => {
  fleet = await TaskFleet.open({ folder });
});
afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** A number that stands among the arguments of a test's processes and of no others. */
const newMark = (): string =>
  BigInt(`0x${randomUUID().slice(0, 8)}`)
    .toString()
    .padStart(10, "1");
const none = (mark: string): Promise<void> =>
  eventually(`the end of ${mark}`, () => processesWith(mark).length === 0);

/** Processes of every kind: in its group, in a group and in a session of their own, and in one whose parents have left. */
const family = (mark: string): string => `
sleep 600.${mark} &
timeout 600 sleep 601.${mark} &
setsid sh -c 'trap "" TERM; sleep 602.${mark}; true' &
(sleep 603.${mark} &)
(setsid sh -c 'sleep 606.${mark} & sleep 607.${mark}' &)
until [ "$(pgrep -cf '^sleep 60[67].${mark}')" = 2 ]; do sleep 0.05; done
echo ready
`;

test("its own timeout ends it, with all that it started", async () => {
  const mark = newMark();
  const run = await fleet.run("command", {
    command: `${family(mark)} sleep 604.${mark}`,
    shell: true,
    timeout: "3s",
  });
  expect(processesWith(mark)).toEqual([]);
  expect(run).toMatchObject({
    verdict: "failed",
    error: { code: "TASK_TIMED_OUT", message: "The program took longer than 3s." },
    result: { success: false, exitCode: null, signal: "SIGTERM" },
  });
  expect(await fleet.lines(run)).toContain("output ready");
});

test("what SIGTERM does not end is killed after its grace", async () => {
  const mark = newMark();
  const deaf = await fleet.run("command", {
    command: `trap '' TERM; ${family(mark)} sleep 604.${mark}; sleep 605.${mark}`,
    shell: true,
    timeout: "2s",
    grace: "300ms",
  });
  expect(deaf.result).toMatchObject({ exitCode: null, signal: "SIGKILL" });
  expect(processesWith(mark)).toEqual([]);
});

test("within its grace it can end in order, and is a timeout all the same", async () => {
  const run = await fleet.run("command", {
    command: "trap 'echo tidied up; exit 0' TERM; echo begun; sleep 600 & wait",
    shell: true,
    timeout: "2s",
    grace: "20s",
  });
  expect(await fleet.lines(run)).toEqual(["output begun", "output tidied up"]);
  expect(run).toMatchObject({ error: { code: "TASK_TIMED_OUT" }, result: { exitCode: 0 } });
});

test("it ends too if it is told to while it is being started", async () => {
  const mark = newMark();
  const stop = new AbortController();
  const program = { file: "/bin/sleep", args: [`600.${mark}`], cwd: "/", env: {} };
  const running = supervise(program, {
    stop: stop.signal,
    graceMs: () => 60_000,
    take: () => undefined,
  });
  stop.abort(new Error("too late"));
  expect(await running).toEqual({ exitCode: null, signal: "SIGTERM" });
  await expect(
    supervise(program, { stop: stop.signal, graceMs: () => 0, take: () => undefined }),
  ).rejects.toThrow("too late");
  expect(processesWith(mark)).toEqual([]);
});

test("the job's timeout and cancelling end it", async () => {
  const mark = newMark();
  const command = `trap '' TERM; ${family(mark)} sleep 604.${mark}`;
  const timed = await fleet.run("command", { command, shell: true }, { timeout: "1s" });
  expect(timed).toMatchObject({ verdict: "failed", error: { code: "RUN_TIMED_OUT" } });
  await none(mark);
  const runId = await fleet.scheduler.runJob(
    await fleet.add("command", { command, shell: true, grace: "5m" }),
  );
  await eventually("its processes", () => processesWith(`604.${mark}`).length > 0);
  await fleet.scheduler.cancelRun(runId);
  expect(await fleet.fleet.ended(runId)).toMatchObject({ verdict: "cancelled" });
  await none(mark);
});

test("what it leaves in its group when it ends is killed; a session of its own is not", async () => {
  const mark = newMark();
  const command = `sleep 600.${mark} & setsid sleep 601.${mark} >/dev/null 2>&1 & sleep 1; echo done`;
  const run = await fleet.run("command", { command, shell: true });
  expect(run.verdict).toBe("succeeded");
  await none(`600.${mark}`);
  const daemon = processesWith(`601.${mark}`);
  expect(daemon).toHaveLength(1);
  for (const pid of daemon) process.kill(pid, "SIGKILL");
});

test("a worker that stops ends it", async () => {
  const mark = newMark();
  await using other = await TaskFleet.open({}, { drain: 0 });
  const command = `trap '' TERM; ${family(mark)} sleep 604.${mark}`;
  await other.scheduler.runJob(await other.add("command", { command, shell: true }));
  await eventually("its processes", () => processesWith(`604.${mark}`).length > 0);
  await other.scheduler.shutdown();
  await none(mark);
  expect(processesWith(mark)).toEqual([]);
});

test(
  "a worker that is killed leaves no process and no script behind, whenever that was",
  { timeout: 180_000 },
  async () => {
    const mark = newMark();
    const kill = async (when: "ready" | number): Promise<void> => {
      await using worker = startProgram("test/tasks/survivor-program.ts", { args: [folder, mark] });
      await worker.waitFor((message) => message !== null && "begun" in (message as object));
      if (when === "ready") {
        await worker.waitFor((message) => message !== null && "ready" in (message as object));
        expect(processesWith(mark).length).toBeGreaterThanOrEqual(5);
        expect(readdirSync(folder)).toHaveLength(1);
      } else await delay(when);
      await worker.kill("SIGKILL");
      await none(mark);
      await eventually("no script", () => readdirSync(folder).length === 0);
    };
    await kill("ready");
    // While it is being started, too.
    for (let ms = 0; ms < 60; ms += 6) await kill(ms);
  },
);
