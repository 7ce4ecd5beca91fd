import { Rights } from "../../src/scheduler/rights.ts";
import { TESTER } from "../helpers/tester.ts";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  type AddJobOptions,
  type CronduitError,
  Pipeline,
  trigger,
  when,
} from "../../src/index.ts";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ChangeLog } from "../../src/scheduler/change-log.ts";
import { JobCommands, type ScheduleDefaults } from "../../src/scheduler/job-commands.ts";
import { parseCalendar } from "../../src/triggers/calendars/calendar-spec.ts";
import { TestFleet } from "../helpers/test-fleet.ts";

const hourly = { id: "job", trigger: "interval", hours: 1 } as const;

/** A scheduler of another release on the same engine. */
function releaseOf(fleet: TestFleet, defaults: Partial<ScheduleDefaults>): JobCommands {
  const quiet = (): void => undefined;
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  return new JobCommands({
    rights: new Rights(TESTER),
    engine: fleet.engine,
    registry: new PipelineRegistry([fleet.Work]),
    logger,
    changes: new ChangeLog(logger, systemClock),
    defaults: { timezone: "UTC", calendars: new Map(), ...defaults },
  });
}

const calendars = (...dates: string[]) =>
  new Map([["holidays", parseCalendar({ exclude: { dates } })]]);

function withPin(isSecret: boolean) {
  const pin = isSecret ? z.string().meta({ secret: true }) : z.string();
  const Params = z.object({ user: z.string(), pin });
  return class Withdraw extends Pipeline<typeof Params> {
    static override readonly pipelineName = "Withdraw";
    static override readonly params = Params;
    run(): unknown {
      return undefined;
    }
  };
}

describe("CONFLICTING_ID says what differs", () => {
  test.each<[what: string, Partial<AddJobOptions>, Partial<AddJobOptions>, message: string]>([
    ["a number", {}, { maxInstances: 3 }, "maxInstances: 1 → 3"],
    ["a duration", { timeout: 60 }, { timeout: "2m" }, 'timeout: "1m" → "2m"'],
    ["what was not there", {}, { misfireGraceTime: "5m" }, 'misfireGraceTime: null → "5m"'],
    ["a text", {}, { description: "of mail" }, 'description: not set → "of mail"'],
    ["a label", { tags: ["a"] }, { tags: ["a", "b"] }, 'tags.1: not set → "b"'],
    ["a queue", {}, { queue: "bulk" }, 'queue: "default" → "bulk"'],
    [
      "a part of an option",
      { retry: 3 },
      { retry: { attempts: 3, delay: "1m" } },
      'retry.delay: "10s" → "1m"',
    ],
    [
      "a whole option",
      {},
      { concurrencyGroup: { key: "db", limit: 2 } },
      "concurrencyGroup: null → an object with key, limit",
    ],
    [
      "a condition",
      { condition: when.lastRunSuccessful("a") },
      { condition: "a.running", conditionPolicy: { wait: 90 } },
      'condition: "a.last_run_successful" → "a.running"; conditionPolicy: "skip" → an object with wait',
    ],
    [
      "a parameter",
      { params: { a: 1, b: { c: [1, 2] } } },
      { params: { a: 1, b: { c: [1, 3] } } },
      "params.b.c.1: 2 → 3",
    ],
    ["paused from the start", {}, { nextRunTime: null }, "nextRunTime: not null → null (paused)"],
    [
      "a first time",
      {},
      { nextRunTime: "2026-03-01 12:30" },
      'nextRunTime: null → "2026-03-01T12:30:00.000Z"',
    ],
    ["a spread", {}, { jitter: "30s" }, 'jitter: null → "30s"'],
  ])("%s", async (_, before, now, message) => {
    await using fleet = await TestFleet.open();
    const base = { ...hourly } as AddJobOptions;
    const stored = await fleet.add({ ...base, ...before } as AddJobOptions);
    fleet.moveTo("12:20");
    await expect(fleet.add({ ...base, ...now } as AddJobOptions)).rejects.toMatchObject({
      code: "CONFLICTING_ID",
      message: `Job "job" already exists with a different definition: ${message}. Choose another id, or pass replaceExisting: true.`,
    });
    expect(await fleet.find("job")).toEqual(stored);
  });

  test("a trigger, in words; where these are the same, its parts; and its zone", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add(hourly);
    const differing = async (options: AddJobOptions): Promise<unknown> => {
      const error: unknown = await fleet.add(options).catch((thrown: unknown) => thrown);
      return (error as CronduitError).data["differences"];
    };
    expect(await differing({ id: "job", trigger: trigger.every("30 minutes") })).toEqual([
      {
        field: "trigger",
        stored: expect.stringContaining("every 1h"),
        declared: expect.stringContaining("every 30m"),
      },
    ]);
    await fleet.add({ id: "cron", trigger: "cron", expression: "0 9 * * *" });
    const inTokyo = { trigger: "cron", expression: "0 9 * * *", timezone: "Asia/Tokyo" } as const;
    expect(await differing({ id: "cron", ...inTokyo })).toContainEqual({
      field: "timezone",
      stored: '"UTC"',
      declared: '"Asia/Tokyo"',
    });
  });

  test("a changed calendar, a changed zone and a changed default of the scheduler", async () => {
    await using fleet = await TestFleet.open();
    const daily = { id: "job", trigger: "cron", expression: "0 9 * * *" } as const;
    const options = { ...daily, calendars: "holidays" };
    const add = (defaults: Partial<ScheduleDefaults>) =>
      releaseOf(fleet, defaults).add([{ pipeline: fleet.Work, options }]);
    const first = { calendars: calendars("2031-01-01") };
    await add(first);
    await expect(add({ calendars: calendars("2031-01-01", "2031-01-02") })).rejects.toThrow(
      'calendars.holidays.exclude.dates.1: not set → "2031-01-02"',
    );
    await expect(add({ ...first, timezone: "Asia/Tokyo" })).rejects.toThrow(
      'timezone: "UTC" → "Asia/Tokyo"',
    );
    await expect(add({ ...first, rules: { timeout: "1h" } })).rejects.toThrow(
      'definition: timeout: null → "1h".',
    );
  });

  test("of a secret only that it differs; a changed mark is told", async () => {
    await using fleet = await TestFleet.open();
    const release = (Withdraw: ReturnType<typeof withPin>, pin: string) => {
      const options = { ...hourly, params: { user: "ada", pin } };
      return releaseOf(fleet, {}).add([{ pipeline: Withdraw, options }]);
    };
    await release(withPin(false), "pin-1234");
    await expect(release(withPin(true), "pin-1234")).rejects.toMatchObject({
      data: {
        differences: [{ field: "params.pin", stored: "not marked", declared: "marked as secret" }],
      },
    });
    const both = release(withPin(true), "pin-9999");
    await expect(both).rejects.toThrow("params.pin differs (secret); params.pin: not marked");
    const error: unknown = await both.catch((thrown: unknown) => thrown);
    expect(JSON.stringify([error, (error as Error).message])).not.toMatch(/1234|9999/);
  });

  test("many differences are cut in the message", async () => {
    await using fleet = await TestFleet.open();
    const params = (n: number) =>
      Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`p${i}`, `${n}`]));
    await fleet.add({ ...hourly, params: params(1) });
    const error = await fleet
      .add({ ...hourly, params: params(2) })
      .catch((thrown: unknown) => thrown as { message: string; data: { differences: unknown[] } });
    expect(error).toMatchObject({ message: expect.stringContaining("; and 45 more. Choose") });
    expect((error as { data: { differences: unknown[] } }).data.differences).toHaveLength(50);
  });
});

describe("what only is written otherwise is no conflict, and nothing is changed", () => {
  test.each<[what: string, Partial<AddJobOptions>, Partial<AddJobOptions>]>([
    ["seconds and a text", { timeout: 60 }, { timeout: "60s" }],
    ["a default and nothing", {}, { maxInstances: 1, coalesce: true }],
    ["a number of attempts", { retry: 3 }, { retry: { attempts: 3 } }],
    ["an interval, which begins at now", {}, { trigger: trigger.every("60 minutes") }],
    ["the scheduler's zone", {}, { timezone: "UTC" }],
    [
      "a condition",
      { condition: when.lastRunSuccessful("a") },
      { condition: "(a.last_run_successful)" },
    ],
  ])("%s", async (_, before, now) => {
    await using fleet = await TestFleet.open();
    const { hours, ...rest } = hourly;
    const stored = await fleet.add({ ...hourly, ...before } as AddJobOptions);
    fleet.moveTo("12:20");
    await fleet.events();
    const own = "trigger" in now ? rest : { ...rest, hours };
    expect(await fleet.add({ ...own, ...now } as AddJobOptions)).toEqual(stored);
    expect(await fleet.eventNames()).toEqual([]);
  });

  test("also of a job that is over", async () => {
    await using fleet = await TestFleet.open();
    const once = { id: "job", trigger: "date", runDate: "2026-03-01 12:05" } as const;
    await fleet.add(once);
    await fleet.workTo("12:30");
    const stored = await fleet.find("job");
    expect(await fleet.add({ ...once, maxInstances: 1 })).toEqual(stored);
  });

  test("what modifyJob changed stays, if the declaration is the same in other words", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ ...hourly, timeout: 60 });
    const stored = await fleet.desk.modify("job", { timeout: "5m" }, "modifyJob");
    expect(await fleet.add({ ...hourly, timeout: "1m" })).toEqual(stored);
  });

  test("a schedule that is declared as before is none of what differs, whatever it was changed to", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add(hourly);
    await fleet.desk.modify("job", { trigger: "interval", minutes: 5 }, "rescheduleJob");
    await expect(fleet.add({ ...hourly, maxInstances: 2 })).rejects.toThrow(
      "a different definition: maxInstances: 1 → 2. Choose",
    );
  });
});
