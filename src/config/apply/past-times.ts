import type { EpochMs } from "../../core/clock.ts";
import type { JobDefinition } from "../../jobs/definition.ts";
import { Schedule } from "../../jobs/schedule.ts";
import { startingWatermark } from "../../jobs/starting-watermark.ts";
import type { Declaration } from "../../scheduler/declaration.ts";

/**
 * A declaration of which nothing runs that was due before it was first seen: whoever copies a folder of job files to another
 * fleet does not ask for what ran long ago. A date in the past becomes due with no grace at all, so it is recorded as
 * missed; a first time in the past is left out.
 */
export function notBeforeNow(
  declaration: Declaration,
  now: EpochMs,
): { readonly declaration: Declaration; readonly past?: string } {
  const { definition } = declaration;
  const { firstRunAt, trigger } = definition;
  const date = trigger.kind === "date" ? trigger.runAt : undefined;
  if (date !== undefined && date < now && (firstRunAt === null || firstRunAt < now)) {
    const policy = { ...definition.policy, misfireGraceMs: 0 };
    const fresh = { ...definition, policy, jitter: null, firstRunAt: null };
    const past = `Its date ${iso(date)} is past: it is recorded as missed, and does not run.`;
    return { declaration: retimed(declaration, fresh, now), past };
  }
  if (firstRunAt === null || firstRunAt >= now) return { declaration };
  const fresh = { ...definition, firstRunAt: null };
  const past = `Its next_run_time ${iso(firstRunAt)} is past, and has no run.`;
  return { declaration: retimed(declaration, fresh, now), past };
}

function retimed(declaration: Declaration, definition: JobDefinition, now: EpochMs): Declaration {
  const schedule = new Schedule(definition);
  const watermark = startingWatermark(definition, now);
  const upcoming = schedule.ahead(watermark);
  return { ...declaration, definition, watermark, upcoming, isOver: schedule.isOver(upcoming) };
}

function iso(at: EpochMs): string {
  return new Date(at).toISOString();
}
