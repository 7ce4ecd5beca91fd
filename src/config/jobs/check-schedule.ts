import { jobOptionsSchema } from "../../jobs/options.ts";
import { firstRunOf, rulesOf } from "../../scheduler/declaration.ts";
import { parseJitter } from "../../triggers/jitter.ts";
import type { TriggerOptions } from "../../triggers/trigger-options.ts";
import { resolveTrigger } from "../../triggers/resolve.ts";
import { zoneOf } from "../../triggers/time/zone.ts";
import type { ReadWords } from "./schedule-words.ts";
import { told } from "./told.ts";
import type { WrittenJob } from "./written-job.ts";

/**
 * The instant that stands for "now" while a file is checked: what is valid must not depend on when it is read. Whether a
 * schedule is over is another question, which the scheduler answers.
 */
export const ANY_TIME = Date.UTC(2026, 0, 1);

/** Checks how a job's options fit together, as `addJob` does. The rules have been checked one by one. */
export function checkTogether(
  job: WrittenJob,
  rules: Readonly<Record<string, unknown>>,
  { id, words: { trigger, from } }: { id: string; words: ReadWords },
): void {
  told(job, from, () => {
    const parsed = jobOptionsSchema.parse(rules);
    rulesOf(parsed, undefined);
    const { timezone } = trigger;
    if (typeof timezone === "string") zoneOf(timezone);
    // `resolveTrigger` checks every field itself; the cast only satisfies the compiler.
    const options = trigger as unknown as TriggerOptions;
    const spec = resolveTrigger(options, { now: ANY_TIME, timezone: "UTC", jobId: id });
    if (options.jitter !== undefined) parseJitter(options.jitter);
    const first = parsed.nextRunTime;
    if (first !== undefined && first !== null)
      firstRunOf(first, spec, "timezone" in spec ? spec.timezone : "UTC");
  });
}
