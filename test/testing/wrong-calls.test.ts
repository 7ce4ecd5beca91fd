// What a test gets wrong must not pass silently: jobs that never were, impossible numbers, calls after the end.
import { expect, test } from "vitest";
import { defineJob } from "../../src/index.ts";
import { assertRan, assertSkipped, createTestScheduler } from "../../src/testing.ts";
import { matchers } from "../../src/testing/vitest.ts";

expect.extend(matchers);

const noop = defineJob({ name: "noop", run: () => undefined });
const options = { pipelines: [noop], now: "2027-01-01T00:30Z" };

test("a job that never was is an error, with the id that was probably meant", async () => {
  await using t = await createTestScheduler(options);
  await t.addJob(noop, { id: "nightly", trigger: "cron", hour: 2 });
  const unknown = expect.objectContaining({
    code: "JOB_NOT_FOUND",
    message: 'There is no job "nigthly". Did you mean "nightly"?',
    data: { jobId: "nigthly", suggestion: "nightly" },
  }) as Error;
  expect(() => t.runs("nigthly")).toThrow(unknown);
  expect(() => expect(t).not.toHaveRun("nigthly")).toThrow(unknown);
  expect(() => expect(t).not.toHaveMissed("nigthly")).toThrow(unknown);
  expect(() => expect(t).not.toHaveSkipped("nigthly")).toThrow(unknown);
  expect(() => assertRan(t, "nigthly", 0)).toThrow(unknown);
  expect(t.runs("nightly")).toEqual([]);
});

test("jobs that were removed are still known", async () => {
  await using t = await createTestScheduler(options);
  for (const id of ["ran", "never", "by-itself"])
    await t.addJob(noop, { id, trigger: "cron", minute: 0 });
  await t.removeJob("never");
  await (await t.getJob("by-itself"))?.remove();
  expect(t).not.toHaveRun("never");
  expect(t).not.toHaveRun("by-itself");
  await t.advanceBy("1h");
  await t.removeJob("ran");
  expect(t).toHaveRun("ran", 1);
  // By then its ledger is gone.
  await t.advanceBy("40d");
  expect(t).toHaveRun("ran", 0);
});

test("impossible numbers and reasons are refused", async () => {
  await using t = await createTestScheduler(options);
  await t.addJob(noop, { id: "noop", trigger: "cron", minute: 0 });
  for (const times of [-1, 0.5, Number.NaN, "1" as never])
    expect(() => expect(t).not.toHaveRun("noop", times)).toThrow("toHaveRun, times: ");
  expect(() => assertSkipped(t, "noop", "max-instance" as never, 0)).toThrow(
    /^toHaveSkipped, reason: .*"max-instances"/,
  );
});

test("anything but a test scheduler is refused", () => {
  for (const other of [{}, null, "t", []]) {
    expect(() => expect(other).toHaveRun("noop")).toThrow(
      "toHaveRun: a test scheduler is expected",
    );
    expect(() => expect(other).not.toAccountForAll()).toThrow("a test scheduler is expected");
  }
});

test("after the end nothing moves any more", async () => {
  const t = await createTestScheduler(options);
  await t.addJob(noop, { id: "noop", trigger: "cron", minute: 0 });
  await t.advanceBy("1h");
  await t.close();
  const refused = expect.objectContaining({
    code: "INVALID_STATE",
    message: "This scheduler was shut down. Make a new one.",
  }) as Error;
  await expect(t.addJob(noop, { trigger: "cron", minute: 5 })).rejects.toEqual(refused);
  await expect(t.advanceBy("1h")).rejects.toEqual(refused);
  await expect(t.advanceTo("2028-01-01")).rejects.toEqual(refused);
  await expect(t.runNext()).rejects.toEqual(refused);
  await expect(t.outage("1h")).rejects.toEqual(refused);
  await expect(t.killWorker()).rejects.toEqual(refused);
  expect(() => t.skewClock("1s")).toThrow(refused);
  // What happened can still be looked at.
  expect(t).toHaveRun("noop", 1);
  t.assertAllAccountedFor();
  await t.close();
});
