import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { onEachEngine, TestScheduler } from "./test-scheduler.ts";

onEachEngine((connection) => {
  let fleet: TestScheduler;
  beforeAll(async () => {
    fleet = await TestScheduler.open(connection());
  }, 60_000);
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("a long wait lets go of the worker, and the run goes on where it was", async () => {
    const seen: string[] = [];
    const id = await fleet.begin(async ({ step, sleep, attempt }) => {
      seen.push(`begin ${attempt}`);
      try {
        await step("before", () => void seen.push("before"));
        await sleep("2500ms");
        await step("after", () => void seen.push("after"));
        return "done";
      } finally {
        seen.push("finally");
      }
    });
    const sleeping = await fleet.until(id, ({ verdict }) => verdict === "sleeping");
    expect(sleeping.attempt).toBe(1);
    expect(seen).toEqual(["begin 1", "before", "finally"]);
    const [worker] = await fleet.scheduler.getWorkers();
    expect(worker?.running ?? []).not.toContain(id);
    const run = await fleet.ended(id);
    expect(run).toMatchObject({ verdict: "succeeded", attempt: 1, result: "done" });
    expect(seen.slice(3)).toEqual(["begin 1", "after", "finally"]);
    const steps = await fleet.scheduler.getSteps(id);
    expect(steps.map(({ name, kind }) => [name, kind])).toEqual([
      ["before", "step"],
      ["$sleep:1", "sleep"],
      ["after", "step"],
    ]);
    const [, wait, after] = steps;
    expect(wait?.durationMs).toBe(2_500);
    expect(after?.startedAt.getTime()).toBeGreaterThanOrEqual(
      (wait?.finishedAt.getTime() ?? 0) - 50,
    );
    const story = await fleet.story(id.slice(0, id.indexOf(":")), "JOB_EXECUTED");
    expect(story.filter((name) => name === "JOB_RETRYING" || name === "JOB_ERROR")).toEqual([]);
  });

  test("inside a step it is refused, and ends the run instead of waiting for itself", async () => {
    const run = await fleet.run(
      ({ step, sleep }) =>
        step("work", async () => {
          await Promise.resolve();
          await sleep("1h");
        }),
      { retry: 3 },
    );
    expect(run).toMatchObject({ verdict: "failed", attempt: 1, error: { code: "INVALID_STEP" } });
    expect(run.error?.message).toContain('sleep was called inside step "work"');
  });

  test("it sleeps although its code catches everything, and although it never ends", async () => {
    const begins: string[] = [];
    const swallow = await fleet.begin(async ({ sleep, step }) => {
      begins.push("swallow");
      try {
        await sleep("2s");
      } catch {
        await step("not now", () => begins.push("not now"));
      }
      return "woke";
    });
    const replace = await fleet.begin(async ({ sleep }) => {
      begins.push("replace");
      try {
        await sleep("2s");
      } catch {
        throw new Error("another one");
      }
      return "woke";
    });
    for (const id of [swallow, replace])
      expect(await fleet.ended(id)).toMatchObject({
        verdict: "succeeded",
        attempt: 1,
        result: "woke",
      });
    expect(begins.toSorted()).toEqual(["replace", "replace", "swallow", "swallow"]);
  });

  test("steps beside a wait are done before it lets go; waits side by side wake in turn", async () => {
    const calls: string[] = [];
    const id = await fleet.begin(async ({ step, sleep }) => {
      const branch = async (name: string, wait: string): Promise<string> => {
        await sleep(wait, { name });
        return step(name, () => {
          calls.push(name);
          return name;
        });
      };
      return Promise.all([
        branch("later", "5s"),
        branch("sooner", "2600ms"),
        step("slow", async () => {
          await delay(300);
          calls.push("slow");
        }),
      ]);
    });
    await fleet.until(id, ({ verdict }) => verdict === "sleeping");
    expect(calls).toEqual(["slow"]);
    expect(await fleet.ended(id)).toMatchObject({
      verdict: "succeeded",
      attempt: 1,
      result: ["later", "sooner", null],
    });
    expect(calls).toEqual(["slow", "sooner", "later"]);
  });

  test("a short wait stays; one that has passed is none; both are told to stop by the signal", async () => {
    let begins = 0;
    const run = await fleet.run(async ({ sleep, sleepUntil }) => {
      begins += 1;
      const from = performance.now();
      await sleep("300ms");
      await sleepUntil(new Date(Date.now() - 60_000));
      await sleepUntil("2020-01-01 12:00");
      return performance.now() - from;
    });
    expect(run.verdict).toBe("succeeded");
    expect(run.result).toBeGreaterThan(290);
    expect(begins).toBe(1);
    const wrong = await fleet.run(({ sleep }) => sleep("soon"));
    expect(wrong).toMatchObject({ verdict: "failed", error: { code: "INVALID_OPTION" } });
    const never = await fleet.run(({ sleepUntil }) => sleepUntil("whenever"));
    expect(never).toMatchObject({ verdict: "failed", error: { code: "INVALID_TRIGGER" } });
  });

  test("a run that sleeps is cancelled at once, and does not wake", async () => {
    let begins = 0;
    const id = await fleet.begin(async ({ sleep }) => {
      begins += 1;
      await sleep("1h");
    });
    await fleet.until(id, ({ verdict }) => verdict === "sleeping");
    expect(await fleet.scheduler.cancelRun(id, { reason: "no more" })).toBe("cancelled");
    expect(await fleet.scheduler.getRun(id)).toMatchObject({
      verdict: "cancelled",
      error: { code: "RUN_CANCELLED", message: "no more" },
    });
    expect(begins).toBe(1);
  });

  test("a retry after a sleep: neither the step nor the wait is repeated", async () => {
    const calls: string[] = [];
    const id = await fleet.begin(
      async ({ step, sleepUntil, attempt }) => {
        await step("once", () => calls.push("once"));
        // Computed anew each time: the stored value counts.
        await sleepUntil(Date.now() + 2_100);
        calls.push(`woke ${attempt}`);
        if (attempt === 1) throw new Error("first");
        return attempt;
      },
      { retry: { attempts: 2, delay: "1ms" } },
    );
    expect(await fleet.ended(id)).toMatchObject({ verdict: "succeeded", attempt: 2, result: 2 });
    expect(calls).toEqual(["once", "woke 1", "woke 2"]);
  });
});
