import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isCronduitError, type RunContext } from "../../src/index.ts";
import { onEachEngine, TestScheduler } from "./test-scheduler.ts";

/** Fails in the first attempts. */
function failUpTo(attempt: number, { attempt: current }: RunContext): void {
  if (current <= attempt) throw new Error(`attempt ${current}`);
}

const RETRY = { retry: { attempts: 3, backoff: "fixed", delay: "1ms" } };

onEachEngine((connection) => {
  let fleet: TestScheduler;
  beforeAll(async () => {
    fleet = await TestScheduler.open(connection());
  }, 60_000);
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("what is done is given back in the next attempt, and not done again", async () => {
    const calls: string[] = [];
    const run = await fleet.run(async (context) => {
      const rows = await context.step("extract", () => {
        calls.push(`extract ${context.attempt}`);
        return { rows: [1, 2, 3], at: undefined };
      });
      await context.step("nothing", () => void calls.push(`nothing ${context.attempt}`));
      failUpTo(2, context);
      const sum = await context.step("sum", async () => rows.rows.reduce((a, b) => a + b, 0));
      return { sum, rows };
    }, RETRY);
    expect(run).toMatchObject({
      verdict: "succeeded",
      attempt: 3,
      result: { sum: 6, rows: { rows: [1, 2, 3] } },
    });
    expect(calls).toEqual(["extract 1", "nothing 1"]);
    expect(await fleet.steps(run.id)).toEqual([
      "extract step 1/1",
      "nothing step 1/1",
      "sum step 1/3",
    ]);
    const [extract] = await fleet.scheduler.getSteps(run.id);
    expect(extract?.result).toEqual({ rows: [1, 2, 3] });
    expect(extract?.startedAt.getTime()).toBeGreaterThanOrEqual(
      (run.startedAt?.getTime() ?? 0) - 5_000,
    );
  });

  test("a step that failed is stored with its error, and done again", async () => {
    const seen: string[][] = [];
    const run = await fleet.run(async (context) => {
      seen.push(await fleet.steps(context.runId));
      return context.step("flaky", () => {
        failUpTo(1, context);
        return context.attempt;
      });
    }, RETRY);
    expect(run).toMatchObject({ verdict: "succeeded", attempt: 2, result: 2 });
    expect(seen).toEqual([[], ["flaky step 1/1!"]]);
    expect(await fleet.steps(run.id)).toEqual(["flaky step 1/2"]);
  });

  test("steps go on side by side, and each is stored whatever becomes of the others", async () => {
    const calls: string[] = [];
    let most = 0;
    let going = 0;
    const run = await fleet.run(async (context) => {
      const one = (name: string, ms: number) =>
        context.step(name, async () => {
          calls.push(`${name} ${context.attempt}`);
          most = Math.max(most, (going += 1));
          await delay(ms);
          going -= 1;
          if (name === "bad") failUpTo(1, context);
          return name;
        });
      // "bad" fails long before "slow" is done: the attempt ends with the last of them.
      return Promise.all([one("quick", 1), one("bad", 20), one("slow", 300)]);
    }, RETRY);
    expect(run).toMatchObject({
      verdict: "succeeded",
      attempt: 2,
      result: ["quick", "bad", "slow"],
    });
    expect(most).toBe(3);
    expect(calls).toEqual(["quick 1", "bad 1", "slow 1", "bad 2"]);
    expect(await fleet.steps(run.id)).toEqual(["quick step 1/1", "slow step 1/1", "bad step 1/2"]);
  });

  test("a step is tried again at once, as often as it may be", async () => {
    const tries: number[] = [];
    const run = await fleet.run(async ({ step }) => {
      await step(
        "third",
        ({ number }) => {
          tries.push(number);
          if (number < 3) throw new Error("not yet");
        },
        { retries: { attempts: 5, delay: "1ms" } },
      );
      await step(
        "never",
        ({ number }) => {
          tries.push(number * 10);
          throw Object.assign(new Error("no"), number === 2 ? { retryable: false } : {});
        },
        { retries: { attempts: 9, backoff: "fixed", delay: "1ms" } },
      );
    });
    expect(run).toMatchObject({ verdict: "failed", error: { message: "no" } });
    expect(tries).toEqual([1, 2, 3, 10, 20]);
    expect(await fleet.steps(run.id)).toEqual(["third step 3/1", "never step 2/1!"]);
  });

  test("a try that takes too long is told to stop, and is tried again", async () => {
    const reasons: unknown[] = [];
    const run = await fleet.run(async ({ step }) =>
      step(
        "slow",
        async ({ number, signal }) => {
          if (number === 2) return "in time";
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          reasons.push(signal.reason);
          // It was told to stop, so ending well doesn't count.
          return "late";
        },
        { timeout: "50ms", retries: { attempts: 2, delay: "1ms" } },
      ),
    );
    expect(run).toMatchObject({ verdict: "succeeded", result: "in time" });
    expect(reasons.map((reason) => isCronduitError(reason, "STEP_TIMED_OUT"))).toEqual([true]);
    const late = await fleet.run(({ step }) =>
      step("late", () => delay(10_000), { timeout: "50ms" }),
    );
    expect(late).toMatchObject({ verdict: "failed", error: { code: "STEP_TIMED_OUT" } });
  });

  test.for([
    { what: "a name twice", names: ["a", "a"], message: /asked for before/ },
    { what: "a reserved name", names: ["$progress"], message: /begins with "\$"/ },
    { what: "an empty name", names: [""], message: /1 to 128/ },
    { what: "a long name", names: ["x".repeat(129)], message: /1 to 128/ },
  ])("refuses $what, and does not try again", async ({ names, message }) => {
    const run = await fleet.run(async ({ step }) => {
      for (const name of names) await step(name, () => 1);
    }, RETRY);
    expect(run).toMatchObject({
      verdict: "failed",
      attempt: 1,
      error: { code: "INVALID_STEP", message: expect.stringMatching(message) as unknown },
    });
  });

  test("refuses results that can't be given back as they were", async () => {
    const codes: unknown[] = [];
    const run = await fleet.run(async ({ step }) => {
      const give = async (name: string, value: unknown): Promise<void> => {
        await step(name, () => value).catch((error: unknown) => {
          if (isCronduitError(error)) codes.push([name, error.code, error.message.length < 300]);
        });
      };
      await give("date", { rows: [{ at: new Date(0) }] });
      await give("large", "x".repeat(256 * 1024));
      await give("most", "x".repeat(256 * 1024 - 2));
      await give("text", "a\0b \ud800 c");
    });
    expect(run.verdict).toBe("succeeded");
    expect(codes).toEqual([
      ["date", "INVALID_STEP", true],
      ["large", "PAYLOAD_TOO_LARGE", true],
    ]);
    expect(await fleet.steps(run.id)).toEqual([
      "date step 1/1!",
      "large step 1/1!",
      "most step 1/1",
      "text step 1/1",
    ]);
    const steps = await fleet.scheduler.getSteps(run.id);
    expect(steps.at(-1)?.result).toBe("a\0b \ud800 c");
  });

  test("a step that is begun when its attempt is over is not executed", async () => {
    let late = 0;
    const run = await fleet.run(async ({ step, attempt }) => {
      setTimeout(() => void step("late", () => (late += 1)), 50);
      if (attempt === 1) throw new Error("once");
      await delay(100);
    }, RETRY);
    expect(run).toMatchObject({ verdict: "succeeded", attempt: 2 });
    expect(late).toBe(1);
    expect(fleet.logged.some(({ message }) => message.includes("goes no further"))).toBe(true);
  });

  test("how far a run is: the last word is kept, and few are written", async () => {
    const run = await fleet.run(async ({ progress }) => {
      for (let i = 0; i <= 100; i += 1) {
        progress(i / 100, `at ${i}`);
        await delay(5);
      }
      progress(Number.NaN);
      progress(2, "x".repeat(500));
    });
    const [last, ...more] = await fleet.scheduler.getSteps(run.id);
    expect(more).toEqual([]);
    expect(last).toMatchObject({ kind: "progress", name: "$progress" });
    const told = last?.result as { fraction: number; message: string } | undefined;
    expect([told?.fraction, told?.message.length]).toEqual([1, 200]);
    const odd = await fleet.run(({ progress }) => progress(0.5, { n: 1n } as unknown as string));
    expect((await fleet.scheduler.getSteps(odd.id))[0]?.result).toEqual({
      fraction: 0.5,
      message: '{"n":{"$type":"bigint","value":"1"}}',
    });
  });
});
