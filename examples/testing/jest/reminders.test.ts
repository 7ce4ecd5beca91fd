// jest needs JavaScript, and ES modules: compile, then node --experimental-vm-modules node_modules/.bin/jest
import { expect, test } from "@jest/globals";
import { createTestScheduler } from "cronduit/testing";
import { matchers } from "cronduit/testing/jest";
import { Load } from "../reminders.ts";

expect.extend(matchers);

test("a load that takes too long skips the next one", async () => {
  await using t = await createTestScheduler({ pipelines: [Load], now: "2027-03-21T00:30Z" });
  await t.addJob(Load, { id: "load", trigger: "cron", minute: 0, params: { minutes: 90 } });
  await t.advanceBy("3h");
  expect(t).toHaveRun("load", 2);
  expect(t).toHaveSkipped("load", "max-instances", 1);
  expect(t).not.toHaveMissed("load");
  expect(t).toAccountForAll();
});

test("what did not happen is told with what did", async () => {
  await using t = await createTestScheduler({ pipelines: [Load], now: "2027-03-21T00:30Z" });
  await t.addJob(Load, { id: "load", trigger: "cron", minute: 0, params: { minutes: 5 } });
  await t.advanceBy("1h");
  expect(() => expect(t).toHaveRun("load", 2)).toThrow(
    'expected job "load" to have run 2 times, and it did 1 time.\nThe ledger of "load":\n  2027-03-21T01:00:00Z  succeeded',
  );
});
