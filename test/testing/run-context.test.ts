// One call of a pipeline's run, with everything it does to its context recorded.
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { Pipeline, type RunContext } from "../../src/index.ts";
import { createRunContext } from "../../src/testing.ts";

const Params = z.object({ region: z.string(), days: z.coerce.number().default(1) });

class Report extends Pipeline.with(Params) {
  async run({ params, step, sleep, sleepUntil, log, progress, signal }: this["Context"]) {
    const rows = await step("extract", () => Promise.resolve([params.days]));
    log.info("extracted", { rows: rows.length });
    progress(0.5, "half");
    await sleep("2h");
    await sleepUntil("2027-01-02T00:00Z");
    const sum = await step("sum", ({ number }) => rows.reduce((a, b) => a + b, number), {
      retries: 2,
    });
    signal.throwIfAborted();
    return { sum };
  }
}

test("params go through the schema, and everything is recorded", async () => {
  const context = createRunContext({
    pipeline: Report,
    params: { region: "eu", days: "3" },
    now: "2027-01-01T00:00Z",
  });
  expect(context.params).toEqual({ region: "eu", days: 3 });
  expect(await new Report().run(context)).toEqual({ sum: 4 });
  const { steps, sleeps, logs, progress } = context.recorded;
  expect(steps.map(({ name, result, tries }) => ({ name, result, tries }))).toEqual([
    { name: "extract", result: [3], tries: 1 },
    { name: "sum", result: 4, tries: 1 },
  ]);
  expect(sleeps.map(({ from, until }) => [from.toISOString(), until.toISOString()])).toEqual([
    ["2027-01-01T00:00:00.000Z", "2027-01-01T02:00:00.000Z"],
    ["2027-01-01T02:00:00.000Z", "2027-01-02T00:00:00.000Z"],
  ]);
  expect(logs).toEqual([{ level: "info", message: "extracted", fields: { rows: 1 } }]);
  expect(progress).toEqual([{ fraction: 0.5, message: "half" }]);
});

test("steps are mocked by a result, a function or an error", async () => {
  const extract = vi.fn<() => number[]>(() => [10, 20]);
  const context = createRunContext({
    pipeline: new Report(),
    params: { region: "eu" },
    steps: { extract, sum: 42 },
  });
  expect(await new Report().run(context)).toEqual({ sum: 42 });
  expect(extract).toHaveBeenCalledExactlyOnceWith({
    number: 1,
    signal: expect.any(AbortSignal) as AbortSignal,
  });

  const broken = createRunContext({
    pipeline: Report,
    params: { region: "eu" },
    steps: { extract: new Error("no such table") },
  });
  await expect(new Report().run(broken)).rejects.toThrow("no such table");
  expect(broken.recorded.steps).toMatchObject([
    { name: "extract", error: { message: "no such table" } },
  ]);
});

test("a mock that fails twice is retried, and the delays take no time", async () => {
  const times: number[] = [];
  const context = createRunContext({
    pipeline: Report,
    params: { region: "eu" },
    steps: {
      extract: [1],
      sum: ({ number }) => {
        times.push(number);
        if (number < 3) throw new Error("not yet");
        return 7;
      },
    },
  });
  expect(await new Report().run(context)).toEqual({ sum: 7 });
  expect(times).toEqual([1, 2, 3]);
});

test("what production refuses is refused", async () => {
  expect(() =>
    // @ts-expect-error the region is missing
    createRunContext({ pipeline: Report, params: { days: 2 } }),
  ).toThrow(expect.objectContaining({ code: "INVALID_PARAMS" }));
  const { step, sleep } = createRunContext();
  await step("a", () => 1);
  await expect(step("a", () => 2)).rejects.toMatchObject({ code: "INVALID_STEP" });
  await expect(step("b", () => new Map())).rejects.toMatchObject({ code: "INVALID_STEP" });
  await expect(step("c", () => sleep(1))).rejects.toMatchObject({ code: "INVALID_STEP" });
});

test("abort tells the signal, and no step begins after it", async () => {
  const context = createRunContext({ params: { name: "Ada" } });
  context.abort();
  expect(context.signal.reason).toMatchObject({ code: "RUN_CANCELLED" });
  await expect(context.step("a", () => 1)).rejects.toMatchObject({ code: "RUN_CANCELLED" });
});

test("a step that hangs ends by its timeout soon", async () => {
  const { step } = createRunContext();
  const hanging = step("hang", () => new Promise(() => undefined), { timeout: "1h" });
  await expect(hanging).rejects.toMatchObject({ code: "STEP_TIMED_OUT" });
});

test("the rest of the context is as given, or has a default", () => {
  const context = createRunContext({
    params: { name: "Ada" },
    now: "2027-01-01T12:00",
    timezone: "Europe/Berlin",
    attempt: 2,
    trigger: "manual",
    previous: {
      runId: "before",
      verdict: "failed",
      fireTime: new Date(0),
      finishedAt: new Date(1),
      error: { name: "Error", message: "lost" },
    },
  });
  expect(context).toMatchObject({ attempt: 2, trigger: "manual", jobId: "test" });
  expect(context.fireTime.toISOString()).toBe("2027-01-01T11:00:00.000Z");
  expect(context.previous?.error?.message).toBe("lost");
  expect(context.interval.end).toEqual(context.fireTime);
  // It fits a pipeline that has the same params.
  const run = ({ params }: RunContext<z.ZodObject<{ name: z.ZodString }>>) => params.name;
  expect(run(context)).toBe("Ada");
});

test("a schema that throws tells no secret; one that must wait says so", () => {
  const refusedBy = (params: z.ZodType): unknown => {
    class Guarded extends Pipeline.with(params) {
      run(): void {}
    }
    try {
      return createRunContext({ pipeline: Guarded, params: { token: "s3cr3t-token" } });
    } catch (error) {
      return error;
    }
  };
  const token = z.string().meta({ secret: true });
  const throwing = z.object({ token }).refine((given) => {
    throw new Error(`no account for ${given.token}`);
  });
  const waiting = z.object({ token }).refine(() => Promise.resolve(true));
  const error = refusedBy(throwing);
  expect(error).toMatchObject({
    code: "INVALID_PARAMS",
    message: expect.stringContaining("threw"),
  });
  expect(String(error) + String((error as Error).cause)).not.toContain("s3cr3t-token");
  expect(refusedBy(waiting)).toMatchObject({
    code: "INVALID_PARAMS",
    message: expect.stringContaining("without waiting"),
  });
});

test("a mock for a step that was never asked for is told", async () => {
  const context = createRunContext({
    pipeline: Report,
    params: { region: "eu" },
    steps: { extrakt: [1], sum: 42, cleanUp: undefined },
  });
  expect(context.recorded.unusedMocks).toEqual(["extrakt", "sum", "cleanUp"]);
  await new Report().run(context);
  // The step itself did the work that "extrakt" was to stand in for.
  expect(context.recorded.unusedMocks).toEqual(["extrakt", "cleanUp"]);
  expect(context.recorded.steps.map(({ name }) => name)).toEqual(["extract", "sum"]);
  expect(createRunContext().recorded.unusedMocks).toEqual([]);
});
