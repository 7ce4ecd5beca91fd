// The fields that an event's name promises: in its type, and in what the servers send.
import { randomUUID } from "node:crypto";
import { describe, expect, expectTypeOf, inject, test } from "vitest";
import {
  EVENT_JOB_ERROR,
  EVENT_JOB_MISSED,
  type EventName,
  lineLogger,
  Pipeline,
  PipelineScheduler,
  type SchedulerEvent,
} from "../../src/index.ts";
import { EVENT_FIELDS, type EventException } from "../../src/events/event-fields.ts";

describe("types", () => {
  // Not called: only the compiler reads it.
  const listen = (scheduler: PipelineScheduler): void => {
    scheduler.on("JOB_ERROR", (event) => {
      expectTypeOf(event).toEqualTypeOf<SchedulerEvent<"JOB_ERROR">>();
      expectTypeOf(event.exception).toEqualTypeOf<EventException>();
      expectTypeOf(event.jobId).toEqualTypeOf<string>();
      expectTypeOf(event.traceback).toEqualTypeOf<string | undefined>();
      expectTypeOf(event.name).toEqualTypeOf<"JOB_ERROR">();
    });
    scheduler.on("JOB_ADDED", (event) => {
      expectTypeOf(event.jobId).toEqualTypeOf<string>();
      expectTypeOf(event.exception).toEqualTypeOf<undefined>();
    });
    scheduler.on(["JOB_ERROR", "JOB_MISSED"], (event) => {
      expectTypeOf(event.jobId).toEqualTypeOf<string>();
      expectTypeOf(event.exception).toEqualTypeOf<EventException | undefined>();
      if (event.name === "JOB_ERROR") expectTypeOf(event.exception).toEqualTypeOf<EventException>();
    });
    scheduler.addListener((event) => {
      expectTypeOf(event).toEqualTypeOf<SchedulerEvent>();
      expectTypeOf(event.jobId).toEqualTypeOf<string | undefined>();
      expectTypeOf(event.retval).toEqualTypeOf<unknown>();
      if (event.name === "WORKER_STARTED") expectTypeOf(event.worker).toEqualTypeOf<string>();
    }, EVENT_JOB_ERROR | EVENT_JOB_MISSED);
    const failed = ({ exception }: SchedulerEvent<"JOB_ERROR">): string => exception.message;
    scheduler.on("JOB_ERROR", failed);
    scheduler.removeListener(failed);
    // @ts-expect-error JOB_ADDED has no exception.
    scheduler.on("JOB_ADDED", failed);
    // @ts-expect-error There is no such event.
    scheduler.on("JOB_FAILED", () => undefined);
  };

  test("are narrowed by the name", () => {
    expect(listen).toBeTypeOf("function");
  });
});

class Works extends Pipeline {
  run() {
    return { rows: 3 };
  }
}
class Fails extends Pipeline {
  run() {
    throw new TypeError("as told");
  }
}

const HEAD = new Set(["code", "name", "time"]);

describe.each([
  ["redis", inject("redisUrl")],
  ["postgres", inject("postgresUrl")],
])("on %s", (_, connection) => {
  test("each event has the fields that its name promises, and no others", async () => {
    const prefix = `fields-${randomUUID().slice(0, 8)}`;
    const logger = lineLogger("error");
    const events: SchedulerEvent[] = [];
    await using scheduler = new PipelineScheduler({
      connection,
      prefix,
      logger,
      pipelines: [Works, Fails],
    });
    scheduler.addListener((event) => events.push(event));
    const count = (name: EventName) => events.filter((event) => event.name === name).length;
    await scheduler.start();
    const never = { trigger: "manual" } as const;
    await scheduler.addJob(Works, { id: "works", ...never });
    await scheduler.addJob(Works, {
      id: "refused",
      trigger: "date",
      in: "10 ms",
      condition: "nobody.running",
    });
    await scheduler.addJob(Fails, {
      id: "fails",
      ...never,
      retry: { attempts: 2, delay: "10 ms" },
      pauseAfterFailures: 1,
    });
    await scheduler.runJob("works", { wait: 30 });
    await scheduler.runJob("fails", { wait: 30 });
    await scheduler.modifyJob("works", { description: "modified" });
    await scheduler.pauseJob("works", "a reason");
    await scheduler.resumeJob("works");
    await scheduler.removeAllJobs();
    await expect.poll(() => count("ALL_JOBS_REMOVED"), { timeout: 30_000 }).toBe(1);
    for (const name of ["JOB_EXECUTED", "JOB_ERROR", "JOB_RETRYING", "JOB_SKIPPED"] as const)
      expect([name, count(name)]).toEqual([name, 1]);
    const odd = events.flatMap((event) => {
      const { always, sometimes } = EVENT_FIELDS[event.name];
      const fields = Object.keys(event).filter((field) => !HEAD.has(field));
      const allowed = new Set<string>([...always, ...sometimes]);
      return [
        ...always.filter((field) => event[field] === undefined).map((field) => `no ${field}`),
        ...fields.filter((field) => !allowed.has(field)).map((field) => `has ${field}`),
      ].map((problem) => `${event.name}: ${problem}`);
    });
    expect([...new Set(odd)]).toEqual([]);
  }, 60_000);

  test("a listener of several names hears these, and no others", async () => {
    await using scheduler = new PipelineScheduler({
      connection,
      prefix: `names-${randomUUID().slice(0, 8)}`,
      logger: lineLogger("error"),
      pipelines: [Works],
      worker: false,
    });
    const heard: string[] = [];
    scheduler.on(["JOB_ADDED", "JOB_REMOVED"], ({ name, jobId }) => heard.push(`${name} ${jobId}`));
    await scheduler.start();
    await scheduler.addJob(Works, { id: "a", trigger: "manual" });
    await scheduler.pauseJob("a");
    await scheduler.removeJob("a");
    await expect.poll(() => heard, { timeout: 30_000 }).toEqual(["JOB_ADDED a", "JOB_REMOVED a"]);
    expect(() => scheduler.on([], () => undefined)).toThrow("not an event");
    expect(() => scheduler.on(["JOB_ADDED", "FAILED" as "JOB_ERROR"], () => undefined)).toThrow(
      'Did you mean "JOB_ERROR"?',
    );
  }, 60_000);
});
