import type { EpochMs } from "../../core/clock.ts";
import { parseDuration } from "../../core/durations.ts";
import { CronduitError } from "../../core/errors.ts";
import { iso, isoOrNull } from "../../core/iso.ts";
import { checkRange, endOption, instantOption } from "../../jobs/instant-option.ts";
import { triggerOf } from "../../jobs/trigger-of.ts";
import type { JobSnapshot } from "../../scheduler/job.ts";
import { simulate } from "../../simulate/play-simulation.ts";

const DAY_MS = 86_400_000;
const MAX_DAYS = 92;
/** Fire times that are played. */
const MAX_TIMES = 50_000;
const WHERE = "POST /schedules/preview, body";

/**
 * What becomes of what is due while no worker is there, and how long it takes to catch up.
 * @throws {@link CronduitError} `INVALID_OPTION` for a time that is too long, or has too many fire times
 */
export async function playDowntime(
  job: JobSnapshot,
  downtime: { readonly from: string | number; readonly to: string | number },
) {
  const place = (path: string) => ({ where: WHERE, path, timezone: job.timezone });
  const fromAt = instantOption(downtime.from, place("downtime.from"));
  const toAt = endOption(downtime.to, place("downtime.to"));
  checkRange(
    { at: fromAt, given: downtime.from },
    { at: toAt, given: downtime.to },
    WHERE,
    "downtime.",
  );
  if (toAt === fromAt || toAt - fromAt > MAX_DAYS * DAY_MS)
    throw refused(`must be after "downtime.from", by ${MAX_DAYS} days at most`);
  const trigger = triggerOf(job);
  const end = toAt + DAY_MS;
  if (job.scheduleKind !== "manual" && trigger.count(fromAt - 1, end) > MAX_TIMES)
    throw refused(`is too late: the job has more than ${MAX_TIMES} fire times until then`);
  const { outages } = await simulate([job], {
    from: new Date(fromAt),
    to: new Date(end),
    timezone: job.timezone,
    durations: { [job.id]: 1 },
    outages: [{ from: new Date(fromAt), to: new Date(toAt) }],
  });
  const [outage] = outages;
  const ofJob = outage?.jobs[0];
  const { ran = 0, missed = 0, coalesced = 0, skipped = 0, longestDelayMs = 0 } = ofJob ?? {};
  return {
    from: new Date(fromAt).toISOString(),
    to: new Date(toAt).toISOString(),
    due: ran + missed + coalesced + skipped,
    ran,
    missed,
    coalesced,
    skipped,
    longestDelayMs,
    caughtUpAt: isoOrNull(outage?.caughtUpAt),
  };
}

/** A downtime of a length. @throws {@link CronduitError} `INVALID_OPTION` */
export function downtimeFrom(
  from: EpochMs,
  lasting: string,
): { readonly from: string; readonly to: string } {
  const path = "downtime.lasting";
  const lastingMs = parseDuration(lasting);
  if (lastingMs > 0 && lastingMs <= MAX_DAYS * DAY_MS)
    return { from: iso(from), to: iso(from + lastingMs) };
  throw new CronduitError(
    "INVALID_OPTION",
    `${WHERE}, option "${path}": must be more than nothing, and at most ${MAX_DAYS} days.`,
    { data: { path } },
  );
}

function refused(what: string): CronduitError {
  return new CronduitError("INVALID_OPTION", `${WHERE}, option "downtime.to": ${what}.`, {
    data: { path: "downtime.to" },
  });
}
