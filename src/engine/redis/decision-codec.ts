import type { EpochMs } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { LastRun } from "../../jobs/run.ts";
import type * as Port from "../engine.ts";
import { policyFields } from "./job-codec.ts";

/** JSON text of a value, or nothing: scripts take an absent field, and not `null`, for "none". */
function text(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

/** A job as `put_jobs.lua` takes it. */
export function encodePut({ definition, state, watermark, upcoming }: Port.JobPut): unknown {
  return {
    id: definition.id,
    definition: JSON.stringify(definition),
    declared: definition.declared.all,
    schedule: definition.declared.schedule,
    pipeline: definition.pipeline,
    fields: policyFields(definition),
    state,
    watermark,
    upcoming,
  };
}

/** A change as `change_job.lua` takes it. */
export function encodeChange(change: Port.JobChange): string {
  const { definition } = change;
  return JSON.stringify({
    jobId: change.jobId,
    expectedRevision: change.expectedRevision,
    ...(definition && {
      definition: JSON.stringify(definition),
      declared: definition.declared.all,
      schedule: definition.declared.schedule,
      pipeline: definition.pipeline,
      fields: policyFields(definition),
    }),
    timing: change.schedule,
    pausedReason: change.pausedReason ?? undefined,
    skipped: change.skipped ?? [],
    event: change.event,
  });
}

/** Settlements as `settle.lua` takes them. */
export function encodeSettle(requests: readonly Port.SettleRequest[]): string {
  return JSON.stringify(
    requests.map(({ retention, resultJson, error, durationMs, ...rest }) => ({
      ...rest,
      durationMs: Math.max(0, Math.round(durationMs)),
      result: resultJson,
      error: text(error),
      keepCount: retention.count,
      keepAgeMs: retention.ageMs,
    })),
  );
}

interface WrittenRun extends Omit<Port.AdmittedRun, "lastRun" | "params"> {
  readonly lastRun?: Omit<LastRun, "result"> & { readonly result?: string };
  readonly params?: string;
}

interface Answer {
  readonly o: string;
  readonly now: EpochMs;
  readonly run?: WrittenRun;
  readonly revision?: number;
  readonly waitMs?: number;
  readonly watermark?: EpochMs;
}

function decodeRun({ lastRun, params, ...run }: WrittenRun): Port.AdmittedRun {
  const { result, ...last } = lastRun ?? {};
  return {
    ...run,
    lastRun: lastRun
      ? ({
          ...last,
          ...(result === undefined ? {} : { result: JSON.parse(result) as unknown }),
        } as LastRun)
      : null,
    ...(params === undefined ? {} : { params: JSON.parse(params) as unknown }),
  };
}

function admission(answer: Answer): Port.Admission {
  const { o, now, run, revision = 0, waitMs = 0, watermark = 0 } = answer;
  switch (o) {
    case "run":
      if (run) return { outcome: "run", run: decodeRun(run), revision, now };
      break;
    case "none":
      return { outcome: "none", now };
    case "early":
      return { outcome: "early", waitMs, now };
    case "behind":
      return { outcome: "behind", watermark, revision, now };
    default:
      break;
  }
  throw new CronduitError("INTERNAL", `admit answered "${o}"`);
}

/** The answers of `admit.lua`. */
export function decodeAdmission(json: unknown): Port.Admission[] {
  return (JSON.parse(String(json)) as Answer[]).map(admission);
}

/** The answers of `settle.lua`. */
export function decodeSettlement(json: unknown): Port.Settlement[] {
  return (JSON.parse(String(json)) as Answer[]).map(({ o, now }) => ({
    outcome: o === "settled" ? "settled" : "fenced",
    now,
  }));
}
