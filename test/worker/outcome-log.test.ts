import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { Pipeline, PipelineScheduler, type RunContext } from "../../src/index.ts";
import { eventually, type Logged, onEachEngine, TestScheduler } from "./test-scheduler.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const Token = z.object({ token: z.string().meta({ secret: true }) });

class Leaky extends Pipeline<typeof Token> {
  static override readonly params = Token;
  run({ params }: RunContext<typeof Token>): never {
    throw new Error(`refused ${params.token}`);
  }
}

onEachEngine((connection) => {
  let fleet: TestScheduler;
  beforeAll(async () => {
    fleet = await TestScheduler.open(connection());
  }, 60_000);
  afterAll(() => fleet[Symbol.asyncDispose]());

  const of = (jobId: string, level: string): Logged[] =>
    fleet.logged.filter((one) => one.fields?.["jobId"] === jobId && one.level === level);
  async function line(jobId: string, level: string, has: string): Promise<Logged> {
    const found = () => of(jobId, level).find(({ message }) => message.includes(has));
    await eventually(`${level} of ${jobId}: ${has}`, () => found() !== undefined);
    const first = found();
    if (!first) throw new Error("unreachable");
    return first;
  }
  const time = expect.stringMatching(ISO) as unknown;

  test("a run that succeeds is told at debug, one that fails at error", async () => {
    const good = await fleet.run(() => 1);
    expect(await line(good.jobId, "debug", "succeeded")).toEqual({
      level: "debug",
      message: `job "${good.jobId}" succeeded`,
      fields: {
        jobId: good.jobId,
        runId: good.id,
        attempt: 1,
        status: "SUCCESS",
        durationMs: expect.any(Number) as unknown,
        time,
      },
    });
    const bad = await fleet.run(() => {
      throw new TypeError("no such thing");
    });
    expect(await line(bad.jobId, "error", "failed")).toMatchObject({
      message: `job "${bad.jobId}" failed: TypeError: no such thing`,
      fields: {
        runId: bad.id,
        attempt: 1,
        status: "FAILURE",
        time,
        error: { name: "TypeError", message: "no such thing" },
      },
    });
    expect(of(good.jobId, "error")).toEqual([]);
  });

  test("one that is tried again is told at warn, one that was cancelled at info", async () => {
    const run = await fleet.run(
      ({ attempt }) => {
        if (attempt === 1) throw new Error("not yet");
      },
      { retry: { attempts: 2, delay: "20ms" } },
    );
    expect(await line(run.jobId, "warn", "tried again")).toMatchObject({
      message: `job "${run.jobId}" failed and is tried again: Error: not yet`,
      fields: { runId: run.id, attempt: 1, status: "FAILURE", time, nextAttemptAt: time },
    });
  });

  test("what was missed or skipped for max-instances is told at warn, once", async () => {
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const id = await fleet.job(() => held);
    const first = await fleet.scheduler.runJob(id);
    await fleet.until(first, ({ verdict }) => verdict === "running");
    const second = await fleet.scheduler.runJob(id);
    expect(await line(id, "warn", "max-instances")).toMatchObject({
      message: `job "${id}" was skipped: max-instances`,
      fields: { runId: second, status: "SKIPPED", time, scheduledAt: time },
    });
    letGo();
    await fleet.ended(first);
    const late = await fleet.job(() => 1, {
      runDate: new Date(Date.now() - 1_800_000),
      misfireGraceTime: 1,
    });
    expect(await line(late, "warn", "missed")).toMatchObject({
      message: `job "${late}" missed its time`,
      fields: { status: "MISSED", time, scheduledAt: time },
    });
    expect(of(id, "warn")).toHaveLength(1);
    expect(of(late, "warn").filter(({ message }) => message.includes("missed"))).toHaveLength(1);
  });

  test("a job that fails again and again fills no disk", async () => {
    const id = await fleet.job(() => {
      throw new Error("again");
    });
    for (let i = 0; i < 12; i += 1) await fleet.scheduler.runJob(id, { wait: 30 });
    expect(of(id, "error")).toHaveLength(5);
  });

  test("what is secret is masked there too", async () => {
    const logged: string[] = [];
    const log = (message: string, fields?: object): void =>
      void logged.push(`${message} ${JSON.stringify(fields)}`);
    const url = connection();
    const scheduler = new PipelineScheduler({
      ...(url === undefined ? {} : { connection: url }),
      prefix: `leaky-${Math.random().toString(36).slice(2)}`,
      pipelines: [Leaky],
      logger: { debug: log, info: log, warn: log, error: log },
    });
    await scheduler.start();
    await scheduler.addJob(Leaky, {
      id: "leaky",
      trigger: "date",
      runDate: "2090-01-01",
      params: { token: "s3cr3t-token" },
    });
    await scheduler.runJob("leaky", { wait: 30 });
    await eventually("its line", () => logged.some((each) => each.includes("refused")));
    await scheduler.shutdown();
    expect(logged.join("\n")).not.toContain("s3cr3t-token");
  });

  test("what is done with jobs is told at info, with the next run", async () => {
    const id = await fleet.job(() => 1);
    const { scheduler } = fleet;
    await scheduler.modifyJob(id, { misfireGraceTime: 60 });
    await scheduler.pauseJob(id, "the source is down");
    await scheduler.resumeJob(id);
    await scheduler.removeJob(id);
    const next = "2090-01-01T00:00:00.000Z";
    expect(of(id, "info")).toMatchObject([
      {
        message: `job "${id}" added; next run at ${next}`,
        fields: { jobId: id, nextRunTime: next, time },
      },
      { message: `job "${id}" modified; next run at ${next}` },
      {
        message: `job "${id}" paused: the source is down`,
        fields: { jobId: id, reason: "the source is down" },
      },
      { message: `job "${id}" resumed; next run at ${next}` },
      { message: `job "${id}" removed` },
    ]);
  });
});
