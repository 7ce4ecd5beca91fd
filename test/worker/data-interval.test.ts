import { expect, test } from "vitest";
import type { JobDefinition } from "../../src/jobs/definition.ts";
import { Schedule } from "../../src/jobs/schedule.ts";
import { type TriggerOptions } from "../../src/index.ts";
import { resolveTrigger } from "../../src/triggers.ts";
import { intervalOf } from "../../src/worker/data-interval.ts";
import { onEachEngine, TestScheduler, eventually } from "./test-scheduler.ts";

const at = (text: string): number => Date.parse(`2026-03-${text}Z`);

function jobOf(trigger: TriggerOptions, more: Partial<JobDefinition> = {}) {
  const spec = resolveTrigger(trigger, { now: at("01T00:00"), timezone: "UTC", jobId: "job" });
  const definition = {
    id: "job",
    trigger: spec,
    jitter: null,
    firstRunAt: null,
    createdAt: at("10T12:34"),
    ...more,
  } as unknown as JobDefinition;
  return { definition, schedule: new Schedule(definition) };
}

function shown(
  run: { fireAt: number; fromAt: number },
  job: ReturnType<typeof jobOf>,
): [string, string] {
  const { startAt, endAt } = intervalOf(run, job);
  const text = (instant: number): string => new Date(instant).toISOString().slice(8, 16);
  return [text(startAt), text(endAt)];
}

test("from the nominal time before the first occurrence to the run's own", () => {
  const hourly = jobOf({ trigger: "cron", minute: 0 });
  const one = (text: string) => ({ fireAt: at(text), fromAt: at(text) });
  expect(shown(one("11T09:00"), hourly)).toEqual(["11T08:00", "11T09:00"]);
  // It stands for five.
  expect(shown({ fromAt: at("11T05:00"), fireAt: at("11T09:00") }, hourly)).toEqual([
    "11T04:00",
    "11T09:00",
  ]);
  // By hand: what came in since the last one.
  expect(shown(one("11T09:20"), hourly)).toEqual(["11T09:00", "11T09:20"]);
  const weekly = jobOf({ trigger: "cron", dayOfWeek: "mon", hour: 3, minute: 0 });
  expect(shown(one("16T03:00"), weekly)).toEqual(["09T03:00", "16T03:00"]);
});

test("without a time before: since the job was created, or since the first occurrence", () => {
  const single = jobOf({ trigger: "date", runDate: "2026-03-12T00:00Z" });
  const run = { fireAt: at("12T00:00"), fromAt: at("12T00:00") };
  expect(shown(run, single)).toEqual(["10T12:34", "12T00:00"]);
  const late = jobOf({ trigger: "date", runDate: "2026-03-05T00:00Z" });
  const past = { fireAt: at("05T00:00"), fromAt: at("05T00:00") };
  expect(shown(past, late)).toEqual(["05T00:00", "05T00:00"]);
  const first = jobOf({ trigger: "cron", minute: 0 }, { firstRunAt: at("08T00:10") });
  expect(shown({ fromAt: at("08T00:10"), fireAt: at("08T05:00") }, first)).toEqual([
    "08T00:10",
    "08T05:00",
  ]);
});

onEachEngine((connection) => {
  test("runs that are merged, too: each begins where the one before ended", async () => {
    await using fleet = await TestScheduler.open(connection());
    const seen: [number, number][] = [];
    const first = Date.now() - 10_000;
    await fleet.job(
      ({ interval }) => void seen.push([interval.start.getTime(), interval.end.getTime()]),
      {
        trigger: "interval",
        milliseconds: 500,
        runDate: undefined,
        startDate: new Date(first),
        nextRunTime: new Date(first),
        // On a busy machine a run may outlast 500 ms: an occurrence that is skipped then has no interval.
        maxInstances: 10,
      },
    );
    await eventually("the first ones", () => seen.length >= 2);
    await fleet.scheduler.pause();
    await new Promise((resolve) => setTimeout(resolve, 1_700));
    const before = seen.length;
    await fleet.scheduler.resume();
    await eventually("two more", () => seen.length >= before + 2);
    seen.sort(([, one], [, other]) => one - other);
    const [[begin, end] = [0, 0], ...more] = seen;
    expect(begin).toBe(first);
    expect((end - first) % 500).toBe(0);
    expect(end - first).toBeGreaterThanOrEqual(10_000 - 500);
    expect(more.map(([start]) => start)).toEqual(seen.slice(0, -1).map(([, until]) => until));
    expect(Math.max(...more.map(([start, until]) => until - start))).toBeGreaterThanOrEqual(1_500);
  });

  test("no more runs begin in a time than the rate limit says", async () => {
    await using fleet = await TestScheduler.open(connection(), {
      worker: { rateLimit: { max: 2, per: "1s" } },
    });
    const begins: number[] = [];
    const id = await fleet.job(() => begins.push(performance.now()), { maxInstances: 10 });
    for (let i = 0; i < 6; i += 1) await fleet.scheduler.runJob(id);
    await eventually("all six", () => begins.length === 6);
    expect((begins[5] ?? 0) - (begins[0] ?? 0)).toBeGreaterThan(1_500);
    // So that an overdue occurrence can be told its cause.
    expect(await fleet.scheduler.getWorkers()).toMatchObject([
      { rateLimit: { max: 2, perMs: 1_000 } },
    ]);
  });
});
