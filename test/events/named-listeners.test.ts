import { describe, expect, inject, test } from "vitest";
import {
  EVENT_ALL,
  EVENT_JOB_ADDED,
  PipelineScheduler,
  type SchedulerEvent,
} from "../../src/index.ts";
import { backlog, ProcessFleet, has, soon } from "../crash/fleet.ts";
import { silent } from "../helpers/silent.ts";
import { type Program, startProgram } from "../helpers/process.ts";
import type { ListenerProgramOptions } from "./listener-program.ts";

interface Heard {
  readonly name: string;
  readonly jobId?: string;
  readonly runId?: string;
  readonly attempt?: number;
  readonly at?: number;
}

function listen(fleet: ProcessFleet, options: Partial<ListenerProgramOptions> = {}): Program {
  const all: ListenerProgramOptions = {
    url: fleet.url,
    prefix: fleet.prefix,
    name: "mailer",
    dieAtNth: 0,
    ...options,
  };
  return startProgram("test/events/listener-program.ts", { args: [JSON.stringify(all)] });
}

function heardBy(program: Program): Heard[] {
  return program.messages
    .filter((message): message is { event: Heard } => has(message, "event"))
    .map(({ event }) => event);
}

/** What names an event among those of one job. */
function keyOf({ name, runId, attempt }: Heard | SchedulerEvent): string {
  return `${name} ${runId ?? ""} ${attempt ?? ""}`;
}

function ofJob(heard: readonly (Heard | SchedulerEvent)[], jobId: string): string[] {
  return heard.filter((event) => event.jobId === jobId).map((event) => keyOf(event));
}

async function scheduler(fleet: ProcessFleet): Promise<PipelineScheduler> {
  const other = new PipelineScheduler({
    connection: fleet.url,
    prefix: fleet.prefix,
    worker: false,
    logger: silent,
  });
  await other.start();
  return other;
}

describe.concurrent("a named listener", () => {
  test("goes on where its killed process stopped", { timeout: 120_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    await using first = listen(fleet, { dieAtNth: 20 });
    await first.waitFor((message) => has(message, "started"));
    await fleet.worker();
    await fleet.add("early", { ...backlog(1).options, params: { ms: 1 } });
    await fleet.hears("JOB_EXECUTED", "early");
    await fleet.until("its place is behind that", async () => {
      const [newest] = await fleet.redis.xrevrange(`${fleet.keys.own}events`, "+", "-", "COUNT", 1);
      return (await fleet.redis.hget(`${fleet.keys.own}cursors`, "mailer")) === newest?.[0];
    });
    const { options, fireTimes } = soon(10, 100);
    await fleet.add("job", { ...options, coalesce: false, maxInstances: 5, params: { ms: 1 } });
    expect(await first.exited()).toEqual({ code: null, signal: "SIGKILL" });
    // While nobody listens, the schedule ends.
    await fleet.decided("job", fireTimes);
    await fleet.account("job", fireTimes, { maxInstances: 5 });
    await using second = listen(fleet);
    const all = ofJob(fleet.events, "job");
    await fleet.until("the last event", () =>
      ofJob(heardBy(second), "job").includes(all.at(-1) ?? ""),
    );
    const before = ofJob(heardBy(first), "job");
    const after = ofJob(heardBy(second), "job");
    // Each at least once, in order; duplicates are the end of one and the start of the other.
    expect(before).toEqual(all.slice(0, before.length));
    expect(after).toEqual(all.slice(all.length - after.length));
    expect(before.length + after.length).toBeGreaterThanOrEqual(all.length);
    // It continues instead of starting over.
    expect(ofJob(heardBy(first), "early")).toContain(ofJob(fleet.events, "early").at(-1));
    expect(ofJob(heardBy(second), "early")).toEqual([]);
  });

  test(
    "in two processes: one hears at a time, and the other takes over",
    { timeout: 120_000 },
    async () => {
      await using fleet = await ProcessFleet.start(inject("redisUrl"));
      await using one = listen(fleet);
      await using two = listen(fleet);
      const started = (message: unknown): boolean => has(message, "started");
      await Promise.all([one.waitFor(started), two.waitFor(started)]);
      await fleet.add("first", { trigger: "date", runDate: "2100-01-01" });
      const isHeard = (jobId: string) => () =>
        [one, two].some((program) => heardBy(program).some((event) => event.jobId === jobId));
      await fleet.until("the first event", isHeard("first"));
      await fleet.add("second", { trigger: "date", runDate: "2100-01-01" });
      await fleet.until("the second event", isHeard("second"));
      const [holder, heir] = heardBy(one).length > 0 ? [one, two] : [two, one];
      expect(ofJob(heardBy(holder), "second")).toHaveLength(1);
      expect(heardBy(heir)).toEqual([]);
      await holder.kill("SIGKILL");
      await fleet.add("third", { trigger: "date", runDate: "2100-01-01" });
      await fleet.until("the third event", isHeard("third"));
      expect(ofJob(heardBy(heir), "third")).toHaveLength(1);
    },
  );

  // A handler may take longer than the lease that keeps other processes out.
  test("that is slow is still the only one", { timeout: 120_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    await using one = await scheduler(fleet);
    await using two = await scheduler(fleet);
    const heard: string[] = [];
    let isDone = false;
    const slow = async (event: SchedulerEvent): Promise<void> => {
      heard.push(event.jobId ?? "");
      await new Promise((resolve) => setTimeout(resolve, 14_000));
      isDone = true;
    };
    one.addListener(slow, EVENT_JOB_ADDED, { name: "slow" });
    two.addListener((event) => slow(event), EVENT_JOB_ADDED, { name: "slow" });
    // Others' events are received from the position stored when one of the two started.
    await expect
      .poll(() => fleet.redis.hexists(`${fleet.keys.own}cursors`, "slow"), { timeout: 30_000 })
      .toBe(1);
    await fleet.add("job", { trigger: "date", runDate: "2100-01-01" });
    await fleet.until("the end of the handler", () => isDone);
    expect(heard).toEqual(["job"]);
  });

  test(
    "that comes back after events were trimmed is told, once",
    { timeout: 120_000 },
    async () => {
      await using fleet = await ProcessFleet.start(inject("redisUrl"));
      const heard: SchedulerEvent[] = [];
      const listener = (event: SchedulerEvent): void => void heard.push(event);
      const before = await scheduler(fleet);
      before.addListener(listener, EVENT_ALL, { name: "auditor" });
      await fleet.until("its place is stored", async () =>
        Boolean(await fleet.redis.hexists(`${fleet.keys.own}cursors`, "auditor")),
      );
      await fleet.add("one", { trigger: "date", runDate: "2100-01-01" });
      await fleet.until("the first event", () => heard.some(({ jobId }) => jobId === "one"));
      await before.shutdown();
      await fleet.add("lost", { trigger: "date", runDate: "2100-01-01" });
      await fleet.redis.xtrim(`${fleet.keys.own}events`, "MAXLEN", 0);
      heard.length = 0;
      await using after = await scheduler(fleet);
      // Emptied again: with nothing to read, it keeps polling.
      await fleet.redis.xtrim(`${fleet.keys.own}events`, "MAXLEN", 0);
      after.addListener(listener, EVENT_ALL, { name: "auditor" });
      await fleet.until("EVENTS_LOST", () => heard.some(({ name }) => name === "EVENTS_LOST"));
      expect(heard[0]?.reason).toMatch(/trimmed/);
      // Longer than one poll.
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      await fleet.add("two", { trigger: "date", runDate: "2100-01-01" });
      await fleet.until("the next event", () => heard.some(({ jobId }) => jobId === "two"));
      expect(heard.map(({ name, jobId }) => [name, jobId])).toEqual([
        ["EVENTS_LOST", undefined],
        ["JOB_ADDED", "two"],
      ]);
    },
  );

  test(
    "hears what happened between its first start and its second",
    { timeout: 60_000 },
    async () => {
      await using fleet = await ProcessFleet.start(inject("redisUrl"));
      // It receives nothing in its first life, so that only its starting position can be stored.
      const first = await scheduler(fleet);
      first.addListener(() => undefined, EVENT_JOB_ADDED, { name: "quiet" });
      await fleet.until("its place is stored", async () =>
        Boolean(await fleet.redis.hexists(`${fleet.keys.own}cursors`, "quiet")),
      );
      await first.shutdown();
      await fleet.worker();
      const { options, fireTimes } = backlog(1);
      await fleet.add("job", options);
      await fleet.decided("job", fireTimes);
      const heard: string[] = [];
      await using second = await scheduler(fleet);
      second.addListener((event) => heard.push(event.jobId ?? ""), EVENT_JOB_ADDED, {
        name: "quiet",
      });
      await fleet.until("the event", () => heard.length > 0);
      expect(heard).toEqual(["job"]);
    },
  );
});
