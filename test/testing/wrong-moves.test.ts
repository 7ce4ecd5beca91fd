// What can't be done to the time and to the worker of a test: each method says what was written, what is wrong, and what to do.
import { expect, test } from "vitest";
import { defineJob } from "../../src/index.ts";
import { createTestScheduler, type TestScheduler } from "../../src/testing.ts";
import type { Quiet } from "../../src/testing/quiet.ts";
import { TimeMachine } from "../../src/testing/time-machine.ts";
import { VirtualTime } from "../../src/testing/virtual-time.ts";
import { faultsOf } from "../helpers/garbage.ts";

const nothing = defineJob({ name: "nothing", run: () => undefined });
const options = { pipelines: [nothing], now: "2027-01-01T00:30Z" };

test(
  "every method takes or refuses whatever untyped programs pass",
  { timeout: 120_000 },
  async () => {
    await using t = await createTestScheduler(options);
    await t.addJob(nothing, { id: "nothing", trigger: "cron", hour: 0 });
    const { methods, faults } = await faultsOf(t, ["shutdown", "close"]);
    expect(methods).toContain("skewClock");
    expect(methods.length).toBeGreaterThan(40);
    expect(faults).toEqual([]);
  },
);

type Move = (t: TestScheduler, given: never) => unknown;

const MOVES: readonly (readonly [string, Move, unknown, RegExp])[] = [
  ...[undefined, null, {}, [1], true, 5n].flatMap((given) =>
    (["skewClock", "advanceBy", "outage"] as const).map(
      (name) =>
        [
          name,
          (t, it) => t[name](it),
          given,
          new RegExp(`^${name}: .*Allowed: seconds`),
        ] as const satisfies (typeof MOVES)[number],
    ),
  ),
  [
    "advanceBy",
    (t, it) => t.advanceBy(it),
    "-2h",
    /^advanceBy: "-2h" goes back.*the time does not.*option "now"/,
  ],
  ["advanceBy", (t, it) => t.advanceBy(it), -5, /^advanceBy: -5 goes back/],
  ["advanceBy", (t, it) => t.advanceBy(it), " -PT5M", /^advanceBy: " -PT5M" goes back/],
  ["outage", (t, it) => t.outage(it), "-1m", /^outage: "-1m" goes back/],
  [
    "advanceBy",
    (t, it) => t.advanceBy(it),
    "4000000d",
    /^advanceBy: must be at most 36500d|^advanceBy: .*36500d/,
  ],
  ["outage", (t, it) => t.outage(it), "4000000d", /^outage: .*36500d/],
  ["skewClock", (t, it) => t.skewClock(it), "4000000d", /^skewClock: .*36500d/],
  ["skewClock", (t, it) => t.skewClock(it), "-4000000d", /^skewClock: .*36500d/],
  ["skewClock", (t, it) => t.skewClock(it), "- 3 x", /^skewClock: .*unknown unit "x"/],
  ["skewClock", (t, it) => t.skewClock(it), "--3s", /^skewClock: .*"--3s" can't be read|negative/],
  ["skewClock", (t, it) => t.skewClock(it), Number.NaN, /^skewClock: .*NaN/],
  ["skewClock", (t, it) => t.skewClock(it), -Infinity, /^skewClock: .*Infinity/],
  [
    "advanceTo",
    (t, it) => t.advanceTo(it),
    "2027-01-01T00:29Z",
    /^advanceTo: 2027-01-01T00:29.*is in the past: it is 2027-01-01T00:30.*option "now"/,
  ],
  ["advanceTo", (t, it) => t.advanceTo(it), "tomorrow", /^advanceTo, option "time": .*"tomorrow"/],
  ["advanceTo", (t, it) => t.advanceTo(it), undefined, /^advanceTo, option "time": /],
  ["advanceTo", (t, it) => t.advanceTo(it), "9000-01-01", /^advanceTo: .*9000-01-01.*100 years/],
  ["runs", (t, it) => t.runs(it), undefined, /^runs: is missing\. Allowed: a string/],
  ["runs", (t, it) => t.runs(it), 5, /^runs.*5/],
];

test.each(MOVES)("%s: %#", async (_, move, given, told) => {
  await using t = await createTestScheduler(options);
  const error = await (async () => move(t, given as never))().catch((e: unknown) => e);
  expect(error).toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringMatching(told) as string,
  });
  expect(t.now().toISOString()).toBe("2027-01-01T00:30:00.000Z");
});

test("a span in which too much happens ends with an error that says where", async () => {
  const time = new VirtualTime(Date.parse("2027-01-01T00:00Z"));
  let fired = 0;
  const again = (): void => {
    fired += 1;
    time.after(1_000, again);
  };
  again();
  const never = () => undefined;
  const machine = new TimeMachine({
    time,
    quiet: { settle: () => Promise.resolve(), resumed: never } as unknown as Quiet,
    others: undefined,
    patienceMs: 2_000,
    activity: () => 0,
    nextDueAt: never,
    nextChangeAt: never,
    isAtRest: () => false,
    isWorking: () => true,
    onQuiet: never,
  });
  await expect(machine.advanceTo(time.now + 365 * 86_400_000, "advanceBy")).rejects.toMatchObject({
    code: "INVALID_STATE",
    message: expect.stringMatching(
      /^advanceBy: it is only 2027-01-03T07:33:20.000Z, on the way to 2028-01-01T.*200,000 .*simulate/,
    ) as string,
    data: { now: "2027-01-03T07:33:20.000Z" },
  });
  // Another call goes on.
  await machine.advanceTo(time.now + 10_000, "advanceBy");
  expect(fired).toBe(200_011);
  await expect(machine.advanceUntil(() => false, "runNext")).rejects.toThrow(
    /^runNext: it is only /,
  );
  const endless = new Promise(() => undefined);
  const look = () => time.after(1, look, "look");
  look();
  await expect(machine.drive(endless)).rejects.toThrow(/^What the test waits for: it is only /);
});

test("without a worker, faults of it say so and what to do", async () => {
  await using t = await createTestScheduler({ ...options, worker: false });
  const told = {
    code: "INVALID_STATE",
    message: expect.stringMatching(/has no worker.*worker: false/) as string,
  };
  await expect(t.killWorker()).rejects.toMatchObject(told);
  expect(() => t.skewClock("1s")).toThrow(expect.objectContaining(told) as Error);
});

test("a listener that moves the time is told at once that it can't", async () => {
  await using t = await createTestScheduler(options);
  await t.addJob(nothing, { id: "nothing", trigger: "cron", minute: 0 });
  const told: unknown[] = [];
  for (const listener of [{}, { name: "named" }])
    t.on(
      "JOB_EXECUTED",
      async () => {
        for (const move of ["advanceBy", "outage"] as const)
          await t[move]("1h").catch((error: unknown) => told.push(error));
        await t.advanceTo("2027-01-02").catch((error: unknown) => told.push(error));
        await t.runNext().catch((error: unknown) => told.push(error));
      },
      listener,
    );
  await t.advanceBy("1h");
  expect(told).toHaveLength(8);
  for (const error of told)
    expect(error).toMatchObject({
      code: "INVALID_STATE",
      message: expect.stringMatching(
        /was called inside a listener, .* Call it in the test/,
      ) as string,
    });
});

test("a test that a listener wakes moves the time", async () => {
  await using t = await createTestScheduler(options);
  await t.addJob(nothing, { id: "nothing", trigger: "cron", minute: 0 });
  const heard = new Promise<void>((resolve) => {
    t.on("JOB_EXECUTED", () => resolve());
  });
  await t.advanceBy("1h");
  await heard;
  await t.advanceBy("1h");
  expect(t.runs("nothing")).toHaveLength(2);
});

test("a listener waits for a run without delaying the time", async () => {
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  await using t = await createTestScheduler({
    ...options,
    logger: { debug() {}, info() {}, warn, error: warn },
  });
  await t.addJob(nothing, { id: "first", trigger: "cron", minute: 0 });
  await t.addJob(nothing, { id: "then", trigger: "manual" });
  const verdicts: unknown[] = [];
  t.on("JOB_EXECUTED", async ({ jobId }) => {
    if (jobId === "first") verdicts.push((await t.runJob("then", { wait: "1m" })).verdict);
  });
  await t.advanceBy("3h");
  expect(verdicts).toEqual(["succeeded", "succeeded", "succeeded"]);
  expect(warnings).toEqual([]);
  // Also where nobody moves the time.
  t.on(
    "JOB_PAUSED",
    async () => void verdicts.push((await t.runJob("then", { wait: true })).verdict),
  );
  await t.pauseJob("first");
  await t.advanceBy(0);
  expect(verdicts).toHaveLength(4);
  expect(warnings).toEqual([]);
});
