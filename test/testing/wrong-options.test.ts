// What programs without types may pass to the testing kit: each call takes it, or says which of its options is wrong, what was
// written, and what is allowed.
import { expect, test } from "vitest";
import { defineJob, isCronduitError } from "../../src/index.ts";
import { createRunContext, createTestScheduler } from "../../src/testing.ts";

const report = defineJob({ name: "report", run: () => undefined });

type Fault = readonly [option: string, value: unknown, told: RegExp];

const RUN_CONTEXT: readonly Fault[] = [
  ["steps", [1], /"steps": a list of 1 is not allowed\. Allowed: an object with .*extract/],
  ["steps", "extract", /"steps": "extract" is not allowed\. Allowed: /],
  ["steps", new Map([["extract", 1]]), /"steps": an instance of Map is not allowed\. Allowed: /],
  ["steps", { "": 1 }, /"steps": .*name "" must have 1 to 128 characters/],
  ["steps", { ["x".repeat(129)]: 1 }, /"steps": .*must have 1 to 128 characters/],
  ["attempt", 0, /"attempt": 0 is not allowed\. Allowed: a whole number from 1/],
  ["attempt", 1.5, /"attempt": 1\.5 is not allowed\. Allowed: a whole number from 1/],
  ["attempt", "2", /"attempt": "2" is not allowed\..*Write 2 without quotes/],
  ["attempt", null, /"attempt": null is not allowed/],
  ["now", "soon", /"now": .*"soon"/],
  ["now", {}, /"now": an empty object is not a date\. Allowed: a Date/],
  ["fireTime", "2027-13-01", /"fireTime": .*"2027-13-01"/],
  ["fireTime", Number.NaN, /"fireTime": .*NaN/],
  ["interval", "1d", /"interval": "1d" is not allowed\. Allowed: an object with .*start, end/],
  ["interval", { start: "2027-01-01" }, /"interval\.end": is missing\. Allowed: a Date/],
  ["interval", { start: "x", end: "2027-01-01" }, /"interval\.start": .*"x"/],
  [
    "interval",
    { start: "2027-01-02", end: "2027-01-01" },
    /"interval\.end": .*"2027-01-01".* before .*"2027-01-02"/,
  ],
  ["interval", { from: 0, to: 1 }, /"interval\.start": is missing\. Allowed: a Date/],
  ["jobId", "", /"jobId": "" .*Allowed: a string of 1 to 128/],
  ["jobId", 7, /"jobId": 7 is not allowed\. Allowed: a string/],
  ["runId", 7, /"runId": 7 is not allowed\. Allowed: a string/],
  ["timezone", "Mars/Base", /"timezone": .*"Mars\/Base"/],
  ["timezone", 1, /"timezone": 1 is not allowed\. Allowed: a string/],
  ["trigger", "cron", /"trigger": "cron" is not allowed\. Allowed: "scheduled", "manual" or/],
  ["previous", "failed", /"previous": "failed" is not allowed\. Allowed: an object/],
  ["previous", { runId: "a" }, /"previous\.verdict": is missing/],
  [
    "previous",
    { runId: "a", verdict: "failed", fireTime: "2027-01-01", finishedAt: new Date() },
    /"previous\.fireTime": "2027-01-01" is not allowed\. Allowed: a Date/,
  ],
  ["step", { extract: 1 }, /unknown option "step"\. Did you mean "steps"\?/],
  ["mocks", {}, /unknown option "mocks"\. Known options: pipeline, params, steps, now/],
];

test.each(RUN_CONTEXT)("createRunContext refuses %s: %o", (option, value, told) => {
  const call = () => createRunContext({ [option]: value } as never);
  expect(call).toThrow(told);
  expect(call).toThrow(/^createRunContext, option|^createRunContext: unknown option/);
  expect(call).toThrow(
    expect.objectContaining({
      code:
        option === "timezone" && typeof value === "string" ? "INVALID_TIMEZONE" : "INVALID_OPTION",
      data: expect.objectContaining({ path: expect.stringContaining(option) as string }) as object,
    }) as Error,
  );
});

test.each([null, "x", 5, [1], () => 1])("createRunContext refuses %o", (given) => {
  expect(() => createRunContext(given as never)).toThrow(/^createRunContext: .*Allowed: an object/);
});

test("createRunContext says that a pipeline is none", () => {
  for (const pipeline of [undefined, null, 5, {}])
    try {
      createRunContext({ pipeline } as never);
      expect.unreachable();
    } catch (error) {
      expect(isCronduitError(error, "INVALID_PIPELINE")).toBe(true);
    }
  expect(createRunContext({ pipeline: report }).jobId).toBe("test");
});

const TEST_SCHEDULER: readonly Fault[] = [
  ["connection", "redis://127.0.0.1", /"connection": a test scheduler has .*Leave it out/],
  ["clock", {}, /"clock": a test scheduler has .*Leave it out/],
  ["prefix", "a", /"prefix": a test scheduler has .*Leave it out/],
  ["drain", "1m", /"drain": a test scheduler has .*Leave it out/],
  ["signals", ["SIGTERM"], /"signals": a test scheduler has .*Leave it out/],
  ["migrate", true, /"migrate": a test scheduler has .*Leave it out/],
  ["timeout", 1, /"timeout": a test scheduler has .*Leave it out/],
  ["patence", "1s", /unknown option "patence"\. Did you mean "patience"\?/],
  ["pipeline", [], /unknown option "pipeline"\. Did you mean "pipelines"\?/],
  ["now", "soon", /"now": .*"soon"/],
  ["now", null, /"now": null/],
  ["fakeTimers", "yes", /"fakeTimers": "yes" is not allowed\. Allowed: true or false/],
  ["patience", -1, /"patience": .*-1/],
  ["timezone", "Mars/Base", /"timezone": .*"Mars\/Base"/],
  ["timezone", 5, /"timezone": 5 is not allowed/],
  ["worker", "yes", /"worker": "yes" is not allowed/],
  [
    "worker",
    { concurency: 1 },
    /"worker": unknown option "concurency"\. Did you mean "concurrency"/,
  ],
  ["reconcile", "1y", /"reconcile": .*"1y"/],
  ["jobDefaults", { retries: 1 }, /"jobDefaults": unknown option "retries"/],
  ["calendars", [1], /"calendars": a list of 1 is not allowed/],
  ["logger", "console", /"logger": "console" is not allowed/],
  ["container", 5, /"container": /],
];

test.each(TEST_SCHEDULER)("createTestScheduler refuses %s: %o", async (option, value, told) => {
  const error = await createTestScheduler({ [option]: value }).catch((e: unknown) => e);
  expect(error).toMatchObject({
    code:
      option === "timezone" && typeof value === "string" ? "INVALID_TIMEZONE" : "INVALID_OPTION",
    message: expect.stringMatching(told) as string,
    data: { path: expect.stringContaining(option) as string },
  });
  expect(String(error)).toMatch(/: createTestScheduler(?:, option|: unknown option)/);
});

test.each([null, "x", 5, [1], () => 1])("createTestScheduler refuses %o", async (given) => {
  await expect(createTestScheduler(given as never)).rejects.toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringMatching(/^createTestScheduler: .*Allowed: an object/) as string,
  });
});

test("createTestScheduler says which pipeline is none", async () => {
  await expect(createTestScheduler({ pipelines: [report, 5] as never })).rejects.toMatchObject({
    code: "INVALID_PIPELINE",
    message: expect.stringMatching(/^createTestScheduler.*pipelines/) as string,
  });
});
