import type { JobDefinition, StoredJob } from "../jobs/definition.ts";
import { kindOfChange } from "../jobs/job-requests.ts";
import type { ChangeKind, ChangeNote, FieldChange } from "../jobs/noted-change.ts";
import { OVERRIDE_PARTS } from "../jobs/overrides.ts";
import { mask } from "../pipeline/secrets/secret-paths.ts";
import type { ChangePlan } from "./change-plan.ts";
import { changedFields } from "./differences.ts";

/** What is kept of a change of a job. @param now The server's time when it was planned. */
export function noteOf(job: StoredJob, plan: ChangePlan, now: number): ChangeNote {
  const { definition: old } = job;
  const { definition: fresh, schedule } = plan;
  const what = fresh ? kindOf(old, fresh, plan) : kindOfChange(plan);
  const plannedAt = plan.asOf ?? now;
  // A plan that leaves the watermark and decides nothing leaves what is undecided to the new schedule.
  const isSame = schedule?.watermark === job.watermark && (plan.skipped ?? []).length === 0;
  const decidedTo = isSame ? job.watermark : Math.max(plannedAt, job.watermark);
  const differences = [
    ...(fresh ? changedFields(old, fresh) : []),
    ...(what === "paused" || what === "resumed" ? [] : stateChange(job.state, schedule?.state)),
    ...(what === "paused" ? untilChange(job.pausedUntil, plan.pausedUntil) : []),
  ];
  return {
    what,
    plannedAt,
    ...(differences.length > 0 && { differences }),
    // Another schedule may begin before what is decided with the end of the old one.
    ...(fresh && schedule && schedule.watermark < decidedTo && { decidedTo }),
    ...(fresh && { superseded: masked(old) }),
  };
}

/** Whether a part of the job is overridden by this, or no longer. */
function kindOf(old: JobDefinition, fresh: JobDefinition, plan: ChangePlan): ChangeKind {
  const [before, after] = [old.overrides ?? {}, fresh.overrides ?? {}];
  if (OVERRIDE_PARTS.some((part) => after[part] && after[part].at !== before[part]?.at))
    return "overridden";
  const isTakenBack = OVERRIDE_PARTS.some((part) => before[part] && !after[part]);
  return isTakenBack ? "override-removed" : kindOfChange(plan);
}

/** What is kept of a job's removal. */
export function noteOfRemoval({ definition }: StoredJob, plannedAt: number): ChangeNote {
  return { what: "removed", plannedAt, superseded: masked(definition) };
}

function stateChange(from: string, to: string | undefined): FieldChange[] {
  return to === undefined || to === from ? [] : [{ field: "state", from, to }];
}

function untilChange(from: number | null, to: number | null | undefined): FieldChange[] {
  if (to === undefined || to === from) return [];
  return [{ field: "until", from: untilText(from), to: untilText(to) }];
}

function untilText(at: number | null): string {
  return at === null ? "resumed" : new Date(at).toISOString();
}

/** Engines don't keep digests with changes: nothing is compared with what was declared before. */
const UNKNOWN = { all: "unknown", schedule: "unknown" };

/** A definition as changes keep it: what was a secret does not stay readable. */
function masked(definition: JobDefinition): JobDefinition {
  const params = mask(definition.params, definition.secrets);
  const { overrides } = definition;
  const below = overrides?.params?.declared;
  return {
    ...definition,
    params,
    ...(overrides?.params &&
      below && {
        overrides: {
          ...overrides,
          params: {
            ...overrides.params,
            declared: { ...below, params: mask(below.params, below.secrets) },
          },
        },
      }),
    declared: UNKNOWN,
  };
}
