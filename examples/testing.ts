// Tests of a pipeline and of a schedule, without a server and without waiting for a time: npx tsx examples/testing.ts
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  createContainer,
  createToken,
  Pipeline,
  pipeline,
  PipelineScheduler,
  trigger,
} from "cronduit";
import { previewTrigger } from "cronduit/triggers";
import { z } from "zod";

interface Mailer {
  send(to: string, text: string): Promise<void>;
}
const MAILER = createToken<Mailer>("mailer");

@pipeline({ name: "remind", deps: [MAILER] })
class Remind extends Pipeline.with(z.object({ to: z.email() })) {
  readonly #mailer: Mailer;

  constructor(mailer: Mailer) {
    super();
    this.#mailer = mailer;
  }

  async run({ params }: this["Context"]) {
    await this.#mailer.send(params.to, "look at the report");
    return { reminded: params.to };
  }
}
const mondays = trigger.weekly(["mon"], "09:00");

const sent: string[] = [];
const container = createContainer();
container.register(MAILER, {
  useValue: {
    send: async (to: string) => {
      if (to.startsWith("nobody@")) throw new Error("no such mailbox");
      sent.push(to);
    },
  },
});

// In memory, and empty.
const scheduler = new PipelineScheduler({ connection: "memory:", pipelines: [Remind], container });
before(() => scheduler.start());
after(() => scheduler.shutdown());

void test("sends a mail", async () => {
  const params = { to: "ops@example.com" };
  const job = await scheduler.addJob(Remind, { id: "mail", trigger: "manual", params });
  const run = await job.run({ wait: "1m" });
  assert.equal(run.verdict, "succeeded");
  assert.deepEqual(run.result, { reminded: "ops@example.com" });
  assert.deepEqual(sent, ["ops@example.com"]);
});

void test("fails if there is no such mailbox", async () => {
  const params = { to: "nobody@example.com" };
  const job = await scheduler.addJob(Remind, { id: "nobody", trigger: "manual", params });
  const run = await job.run({ wait: "1m" });
  assert.equal(run.verdict, "failed");
  assert.equal(run.error?.message, "no such mailbox");
});

void test("is due on Mondays at nine, also when the clock changes", () => {
  const rows = previewTrigger(mondays, {
    from: "2026-03-20",
    count: 2,
    timezone: "Europe/Berlin",
  });
  assert.deepEqual(
    rows.map(({ iso }) => iso),
    ["2026-03-23T09:00:00+01:00", "2026-03-30T09:00:00+02:00"],
  );
});
