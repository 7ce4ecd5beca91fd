import { createContainer } from "cronduit";
import { createRunContext, createTestScheduler } from "cronduit/testing";
import { matchers } from "cronduit/testing/vitest";
import { expect, test } from "vitest";
import { declareJobs, Load, type Mailer, MAILER, Remind } from "../reminders.ts";

expect.extend(matchers);

const OPS = "ops@example.com";

/** A fleet in which everything is declared, on the last Sunday before the clock changes. */
async function start(mailer: Mailer) {
  const container = createContainer();
  container.register(MAILER, { useValue: mailer });
  const pipelines = [Remind, Load];
  const t = await createTestScheduler({ pipelines, container, now: "2027-03-21T00:00Z" });
  await declareJobs(t, OPS);
  return t;
}

test("reminds at nine on Mondays, also when the clock changes, and once more after two hours", async () => {
  const sent: string[] = [];
  await using t = await start({
    send: async (_, text) => void sent.push(`${t.now().toISOString()} ${text}`),
  });
  await t.advanceTo("2027-03-30");
  expect(sent).toEqual([
    "2027-03-22T08:00:00.000Z look at the report",
    "2027-03-22T10:00:00.000Z did you look at the report?",
    "2027-03-29T07:00:00.000Z look at the report",
    "2027-03-29T09:00:00.000Z did you look at the report?",
  ]);
  expect(t).toHaveRun("remind", 2);
  expect(t).toAccountForAll();
});

test("a mail server that is away for a while delays the reminder, and nothing is sent twice", async () => {
  const sent: string[] = [];
  const failures = { left: 2 };
  await using t = await start({
    send: async (_, text) => {
      if (failures.left-- > 0) throw new Error("no route to the mail server");
      sent.push(text);
    },
  });
  await t.advanceTo("2027-03-22T12:00Z");
  expect(t.runs<typeof Remind>("remind")).toMatchObject([
    { verdict: "succeeded", attempt: 3, result: { reminded: OPS } },
  ]);
  expect(sent).toEqual(["look at the report", "did you look at the report?"]);
});

test("a load that takes too long skips the next one, and an outage misses some", async () => {
  await using t = await start({ send: async () => undefined });
  await t.advanceBy("3h");
  expect(t).toHaveSkipped("load", "max-instances");
  await t.outage("4h30m");
  expect(t).toHaveMissed("load", 4);
  await t.advanceBy("1d");
  expect(t).toAccountForAll();
});

test("a worker that dies between the mails does not send the first one again", async () => {
  const sent: string[] = [];
  await using t = await start({ send: async (_, text) => void sent.push(text) });
  await t.advanceTo("2027-03-22T09:00Z");
  await t.killWorker();
  await t.advanceBy("2h");
  expect(sent).toEqual(["look at the report", "did you look at the report?"]);
});

test("the pipeline alone", async () => {
  const context = createRunContext({
    pipeline: Remind,
    params: { to: OPS },
    steps: { "second mail": new Error("no such mailbox") },
  });
  const remind = new Remind({ send: async () => undefined });
  await expect(remind.run(context)).rejects.toThrow("no such mailbox");
  expect(context.recorded.steps.map(({ name }) => name)).toEqual(["first mail", "second mail"]);
  expect(context.recorded.sleeps).toHaveLength(1);
});
