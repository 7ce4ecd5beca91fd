import { randomUUID } from "node:crypto";
import { expect, inject, test } from "vitest";
import { Pipeline, PipelineScheduler, trigger } from "../../src/index.ts";

class Noop extends Pipeline {
  run(): unknown {
    return undefined;
  }
}

function schedulerWith(holidays: string[]): PipelineScheduler {
  return new PipelineScheduler({
    connection: inject("redisUrl"),
    prefix: prefix,
    worker: false,
    pipelines: [Noop],
    calendars: { holidays: { exclude: { dates: holidays } } },
  });
}

const prefix = `calendars-${randomUUID()}`;
const daily = { id: "daily", trigger: trigger.cron("0 9 * * *"), nextRunTime: undefined } as const;

test("a named calendar keeps a job from running on its dates, and is stored with the job", async () => {
  const days = Array.from({ length: 3 }, (_, i) =>
    new Date(Date.now() + i * 86_400_000).toISOString().slice(0, 10),
  );
  {
    await using scheduler = schedulerWith(days);
    const free = await scheduler.addJob(Noop, { ...daily, id: "free" });
    const bound = await scheduler.addJob(Noop, { ...daily, calendars: "holidays" });
    const firstFreeDay = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
    expect(bound.nextRunTime?.toISOString()).toBe(`${firstFreeDay}T09:00:00.000Z`);
    expect(free.nextRunTime?.getTime()).toBeLessThan(bound.nextRunTime?.getTime() ?? 0);
    expect(await scheduler.explain("daily", `${days[1]} 09:00`)).toMatchObject({ state: "none" });
  }
  // Another process that knows no such calendar can still work with the job.
  await using other = new PipelineScheduler({
    connection: inject("redisUrl"),
    prefix,
    worker: false,
    pipelines: [Noop],
  });
  const seen = await other.getJob("daily");
  expect(seen?.schedule).toContain("holidays");
  await expect(
    other.addJob(Noop, { ...daily, id: "unknown", calendars: "holidays" }),
  ).rejects.toMatchObject({ code: "INVALID_TRIGGER", data: { field: "calendars" } });
});

test("a job declared again with a changed calendar is another declaration", async () => {
  await using scheduler = schedulerWith(["2031-01-01"]);
  await scheduler.addJob(Noop, { ...daily, id: "changed", calendars: "holidays" });
  await using later = schedulerWith(["2031-01-01", "2031-01-02"]);
  await expect(
    later.addJob(Noop, { ...daily, id: "changed", calendars: "holidays" }),
  ).rejects.toMatchObject({ code: "CONFLICTING_ID" });
  await later.addJob(Noop, {
    ...daily,
    id: "changed",
    calendars: "holidays",
    replaceExisting: true,
  });
});
