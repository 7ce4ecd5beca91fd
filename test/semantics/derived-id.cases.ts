import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Pipeline, trigger, when } from "../../src/index.ts";
import { TestFleet } from "../helpers/test-fleet.ts";

const hourly = { trigger: "interval", hours: 1 } as const;

describe("without an id, one is made of pipeline, params and trigger: the same job at each boot", () => {
  test.each([
    ["an interval, which begins at now", hourly],
    ["a trigger object", { trigger: trigger.every("90 minutes") }],
    ["a cron expression", { trigger: "cron", expression: "0 9 * * 1-5", timezone: "Asia/Tokyo" }],
    [
      "a cron expression with a place of the job's own",
      { trigger: "cron", expression: "H * * * *" },
    ],
    [
      "triggers together, one of which is relative",
      { trigger: trigger.or(trigger.every("2h"), trigger.in("10 minutes")) },
    ],
    ["a date", { trigger: "date", runDate: "2026-03-02 09:00" }],
  ] as const)("%s", async (_, options) => {
    await using fleet = await TestFleet.open();
    const first = await fleet.add({ ...options, params: { region: "eu", days: [1, 2] } });
    fleet.moveTo("12:25");
    const again = await fleet.add({ params: { days: [1, 2], region: "eu" }, ...options });
    expect(again).toEqual(first);
    expect(first.definition.id).toMatch(/^Work-[0-9a-f]{16}$/);
    expect(await fleet.engine.jobs.count()).toBe(1);
    expect(await fleet.queueJobs()).toHaveLength(1);
  });

  test("another pipeline, other params or another trigger are another job", async () => {
    await using fleet = await TestFleet.open();
    class Other extends Pipeline {
      static override readonly pipelineName = "Täglich: 1/2!";
      run(): unknown {
        return undefined;
      }
    }
    const jobs = [
      { pipeline: fleet.Work, options: hourly },
      { pipeline: fleet.Work, options: { ...hourly, params: { a: 1 } } },
      { pipeline: fleet.Work, options: { ...hourly, params: { a: 2 } } },
      { pipeline: fleet.Work, options: { ...hourly, hours: 2 } },
      { pipeline: fleet.Work, options: { ...hourly, timezone: "Europe/Berlin" } },
      { pipeline: Other, options: hourly },
    ];
    const ids = await fleet.desk.add(jobs);
    expect(new Set(ids).size).toBe(6);
    expect(ids[5]).toMatch(/^Täglich: 1\/2--[0-9a-f]{16}$/);
    expect(await fleet.desk.add(jobs)).toEqual(ids);
    expect(await fleet.engine.jobs.count()).toBe(6);
  });

  test("twice in one call is one job", async () => {
    await using fleet = await TestFleet.open();
    const twice = [hourly, hourly].map((options) => ({ pipeline: fleet.Work, options }));
    const [one, two] = await fleet.desk.add(twice);
    expect(one).toBe(two);
    expect(await fleet.engine.jobs.count()).toBe(1);
    expect(await fleet.eventNames("JOB_ADDED")).toEqual(["JOB_ADDED"]);
  });

  test("ten processes at once: one job", async () => {
    await using fleet = await TestFleet.open();
    const jobs = await Promise.all(Array.from({ length: 10 }, () => fleet.add(hourly)));
    expect(new Set(jobs.map(({ definition }) => definition.id)).size).toBe(1);
    expect(await fleet.eventNames("JOB_ADDED")).toEqual(["JOB_ADDED"]);
  });

  test("a date that has been is not run again at the next boot", async () => {
    await using fleet = await TestFleet.open();
    const once = { trigger: "date", runDate: "2026-03-01 12:05" } as const;
    const { id } = (await fleet.add(once)).definition;
    await fleet.workTo("12:30");
    expect(await fleet.add(once)).toMatchObject({ state: "finished", definition: { id } });
    await fleet.workTo("13:00");
    expect(fleet.fired).toEqual(["12:05:00"]);
  });

  test("a time so long after the call is asked for anew by each call: none is lost", async () => {
    await using fleet = await TestFleet.open();
    const remind = { trigger: trigger.in("10 minutes"), params: { to: "ada" } } as const;
    const first = await fleet.add(remind);
    fleet.moveTo("12:05");
    const second = await fleet.add(remind);
    expect(second.definition.id).not.toBe(first.definition.id);
    expect(second.definition.id).toMatch(/^Work-[0-9a-f]{16}$/);
    await fleet.workTo("13:00");
    expect(fleet.fired).toEqual(["12:10:00", "12:15:00"]);
    await fleet.add({
      trigger: "date",
      in: "1 minute",
      calendars: undefined,
      params: { to: "ada" },
    });
    await fleet.workTo("13:30");
    expect(fleet.fired).toHaveLength(3);
  });

  test("with another rule it is another declaration of the same job", async () => {
    await using fleet = await TestFleet.open();
    const { id } = (await fleet.add(hourly)).definition;
    await expect(fleet.add({ ...hourly, maxInstances: 2 })).rejects.toMatchObject({
      code: "CONFLICTING_ID",
      data: { jobId: id },
    });
    const replaced = await fleet.add({ ...hourly, maxInstances: 2, replaceExisting: true });
    expect(replaced.definition).toMatchObject({ id, policy: { maxInstances: 2 } });
    await fleet.add({ id: "follows", ...hourly, condition: when.lastRunSuccessful(id) });
  });

  test("a secret is no part of it, so that nobody can try which one fits", async () => {
    await using fleet = await TestFleet.open();
    const Params = z.object({ user: z.string(), pin: z.string().meta({ secret: true }) });
    class Withdraw extends Pipeline<typeof Params> {
      static override readonly params = Params;
      run(): unknown {
        return undefined;
      }
    }
    const add = (user: string, pin: string) =>
      fleet.desk.add([{ pipeline: Withdraw, options: { ...hourly, params: { user, pin } } }]);
    const [ada = ""] = await add("ada", "1234");
    const [bob = ""] = await add("bob", "1234");
    expect(ada).not.toBe(bob);
    expect(await add("ada", "1234")).toEqual([ada]);
    await expect(add("ada", "9999")).rejects.toMatchObject({
      code: "CONFLICTING_ID",
      data: { jobId: ada },
      message: expect.not.stringMatching(/1234|9999/),
    });
  });
});
