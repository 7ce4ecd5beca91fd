// What a fleet on a server had becomes a test: its runs in flight, history and schedules go on on the virtual clock.
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { defineJob, lineLogger, PipelineScheduler, when } from "../../src/index.ts";
import { createTestScheduler } from "../../src/testing.ts";
import { connectionOf } from "./engines.ts";

const HOUR_MS = 3_600_000;
let release: (() => void) | undefined;
let isHeld = true;

/** Executes until it is released. */
const long = defineJob({
  name: "long",
  run: async ({ attempt, params, signal }) => {
    if (!isHeld) return { attempt, params };
    await new Promise<void>((resolve) => {
      release = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    return { attempt, params };
  },
});
const nap = defineJob({ name: "nap", run: ({ sleep }) => sleep("3h") });
const fails = defineJob({
  name: "fails",
  run: ({ attempt }) => {
    if (attempt === 1) throw new Error("no route");
  },
});
const quick = defineJob({ name: "quick", run: () => "done" });
const pipelines = [long, nap, fails, quick];

test.each(["redis", "postgres", "memory"] as const)(
  "from a fleet on %s while its runs go on",
  async (kind) => {
    isHeld = true;
    await using fleet = new PipelineScheduler({
      connection: connectionOf(kind),
      prefix: `replay-${randomUUID().slice(0, 8)}`,
      pipelines,
      logger: lineLogger("error", () => undefined),
    });
    await fleet.start();
    await fleet.addJob(long, {
      id: "long",
      trigger: "manual",
      overlap: "queue-all",
      params: { of: "Acme" },
    });
    await fleet.addJob(nap, { id: "nap", trigger: "manual" });
    const retry = { attempts: 2, delay: "1h" } as const;
    await fleet.addJob(fails, { id: "fails", trigger: "manual", retry });
    await fleet.addJob(quick, {
      id: "after",
      trigger: "manual",
      condition: when.lastRunSuccessful("nap"),
      conditionPolicy: { wait: "1d" },
    });
    await fleet.addJob(quick, { id: "hourly", trigger: "interval", hours: 1 });
    await fleet.addJob(quick, { id: "past", trigger: "cron", minute: 0 });
    const napping = await fleet.runJob("nap");
    const failing = await fleet.runJob("fails");
    const executing = await fleet.runJob("long");
    const until = (runId: string, verdict: string) =>
      expect
        .poll(async () => (await fleet.getRun(runId)).verdict, { timeout: 20_000 })
        .toBe(verdict);
    await until(napping, "sleeping");
    await until(failing, "retrying");
    await until(executing, "running");
    const waiting = await fleet.runJob("long", { params: { of: "Globex" } });
    const asked = await fleet.runJob("after");
    await until(waiting, "queued");
    await until(asked, "queued");

    await fleet.pause();
    await fleet.backfill("past", { from: new Date(Date.now() - 3.5 * HOUR_MS), to: new Date() });

    let text = "";
    for await (const line of fleet.exportState({ mask: ["params", "errors"], logs: true }))
      text += line;
    expect(text).not.toMatch(/Acme|Globex|no route|127\.0\.0\.1/);
    const napped = (await fleet.getRun(napping)).startedAt?.getTime() ?? 0;
    const { nextRunTime } = (await fleet.getJob("hourly")) ?? {};
    isHeld = false;
    release?.();

    await using t = await createTestScheduler({ pipelines, state: text });
    const from = t.now().getTime();
    await t.advanceBy(1);
    const [taken, next] = t.runs("long");
    expect(taken).toMatchObject({ id: executing, verdict: "succeeded", attempt: 2 });
    expect(JSON.stringify(taken?.result)).toMatch(/"attempt":2,"params":\{"of":"[A-Z][a-z]{3}"/);
    expect(next).toMatchObject({ id: waiting, verdict: "succeeded", attempt: 1 });
    await t.advanceBy("5h");
    const [woken] = t.runs("nap");
    expect(woken).toMatchObject({ id: napping, verdict: "succeeded", attempt: 1 });
    const wokenAt = woken?.finishedAt?.getTime() ?? 0;
    expect(wokenAt - napped).toBeGreaterThanOrEqual(3 * HOUR_MS);
    expect(wokenAt - from).toBeLessThanOrEqual(3 * HOUR_MS);
    expect(t.runs("fails")).toMatchObject([{ id: failing, verdict: "succeeded", attempt: 2 }]);
    const [after] = t.runs("after");
    expect(after).toMatchObject({ id: asked, verdict: "succeeded" });
    expect(after?.startedAt?.getTime()).toBe(wokenAt);
    const past = t.runs("past").filter(({ trigger }) => trigger === "backfill");
    expect(past.map(({ verdict }) => verdict)).toEqual(Array.from(past, () => "succeeded"));
    expect(past.length).toBeGreaterThanOrEqual(3);
    const hourly = t.runs("hourly").map(({ fireTime }) => fireTime.getTime());
    const begin = nextRunTime?.getTime() ?? 0;
    expect(hourly).toEqual(Array.from({ length: hourly.length }, (_, i) => begin + i * HOUR_MS));
    expect(hourly.length).toBeGreaterThanOrEqual(5);
    t.assertAllAccountedFor();
  },
  60_000,
);
