// node --import tsx --test node-test/reminders.test.ts
import assert from "node:assert/strict";
import { test } from "node:test";
import { trigger } from "cronduit";
import { assertMissed, assertRan, assertSkipped, createTestScheduler } from "cronduit/testing";
import { previewTrigger } from "cronduit/triggers";
import { Load } from "../reminders.ts";

void test("loads, skips and misses", async () => {
  await using t = await createTestScheduler({ pipelines: [Load], now: "2027-03-21T00:30Z" });
  await t.addJob(Load, {
    id: "load",
    trigger: "cron",
    minute: 0,
    params: { minutes: 90 },
    misfireGraceTime: "20m",
  });
  await t.advanceBy("2h");
  assertRan(t, "load", 1);
  assertSkipped(t, "load", "max-instances", 1);
  await t.outage("3h");
  assertMissed(t, "load", 3);
  t.assertAllAccountedFor();
});

void test("timers of one's own move with the test, if it asks for that", async () => {
  await using t = await createTestScheduler({ now: "2027-03-21T00:30Z", fakeTimers: true });
  const reminded: string[] = [];
  setTimeout(() => reminded.push(new Date().toISOString()), 3_600_000);
  await t.advanceBy("2h");
  assert.deepEqual(reminded, ["2027-03-21T01:30:00.000Z"]);
});

void test("the schedule alone: Mondays at nine, also when the clock changes", () => {
  const rows = previewTrigger(trigger.weekly(["mon"], "09:00"), {
    from: "2027-03-21",
    count: 2,
    timezone: "Europe/Berlin",
  });
  assert.deepEqual(
    rows.map(({ iso }) => iso),
    ["2027-03-22T09:00:00+01:00", "2027-03-29T09:00:00+02:00"],
  );
});
