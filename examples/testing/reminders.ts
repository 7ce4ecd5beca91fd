// What the tests of this folder test: two jobs of an application, and how it declares them.
import { createToken, Pipeline, pipeline, type PipelineScheduler, trigger } from "cronduit";
import { z } from "zod";

export interface Mailer {
  send(to: string, text: string): Promise<void>;
}
export const MAILER = createToken<Mailer>("mailer");

@pipeline({ name: "remind", deps: [MAILER] })
export class Remind extends Pipeline.with(z.object({ to: z.email() })) {
  readonly #mailer: Mailer;

  constructor(mailer: Mailer) {
    super();
    this.#mailer = mailer;
  }

  async run({ params, step, sleep }: this["Context"]) {
    await step("first mail", () => this.#mailer.send(params.to, "look at the report"));
    await sleep("2h");
    await step("second mail", () => this.#mailer.send(params.to, "did you look at the report?"));
    return { reminded: params.to };
  }
}

/** Loads what arrived; on a slow day that takes longer than until the next load. */
export class Load extends Pipeline.with(z.object({ minutes: z.number() })) {
  async run({ params, sleep }: this["Context"]) {
    await sleep(`${params.minutes}m`);
  }
}

export async function declareJobs(scheduler: PipelineScheduler, to: string): Promise<void> {
  await scheduler.addJob(Remind, {
    id: "remind",
    trigger: trigger.weekly(["mon"], "09:00"),
    timezone: "Europe/Berlin",
    params: { to },
    retry: { attempts: 3, delay: "10m", backoff: "fixed" },
  });
  await scheduler.addJob(Load, {
    id: "load",
    trigger: "cron",
    minute: 0,
    params: { minutes: 90 },
    misfireGraceTime: "20m",
  });
}
