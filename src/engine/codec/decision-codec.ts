import type { EpochMs } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { StoredEvent } from "../../jobs/event.ts";
import type { LastRun } from "../../jobs/ledger-row.ts";
import type * as Port from "../port/engine.ts";
import { readParams, readResult } from "./readable.ts";
import { unpack, type Written } from "./stored-json.ts";
import type { ClaimedPut, ClaimedPutResult, ClaimResult } from "../port/queue-engine.ts";
import type { JobDefinition, StoredJob } from "../../jobs/definition.ts";
import { kindOfChange } from "../../jobs/job-requests.ts";

/** JSON text of a value, or nothing: for scripts an absent field, not `null`, means "none". */
export function text(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

/** What an engine stores of a definition: its JSON, and beside it what the server compares. */
export type EncodeDefinition = (definition: JobDefinition) => WrittenDefinition;

/** A definition as it is sent: its text, and what the server compares. */
export interface WrittenDefinition extends Readonly<Record<string, unknown>> {
  readonly definition: string;
}

/** The parts of a stored definition that are the same on every engine; `stored` is its text. */
export function encodeDefinition(
  definition: JobDefinition,
  stored = JSON.stringify(definition),
): WrittenDefinition {
  return {
    definition: stored,
    declared: definition.declared.all,
    schedule: definition.declared.schedule,
    pipeline: definition.pipeline,
  };
}

/** A job as `put_jobs` takes it. */
export function encodePut(
  {
    definition,
    state,
    watermark,
    upcoming,
    changesAt,
    isRead,
    by,
    bulk,
    ...rest
  }: Port.JobPut | ClaimedPut,
  encode: EncodeDefinition,
): object {
  const claim = "claim" in rest ? { claim: rest.claim } : {};
  // A reader asks whether the field is there.
  const read = isRead === true ? { isRead } : {};
  return {
    id: definition.id,
    ...encode(definition),
    state,
    watermark,
    upcoming,
    by,
    changesAt,
    createdAt: definition.createdAt,
    bulk: bulk?.id,
    ...claim,
    ...read,
  };
}

/** A change as `change_job` takes it. */
export function encodeChange(change: Port.JobChange, encode: EncodeDefinition): object {
  return {
    jobId: change.jobId,
    scope: change.scope,
    expectedRevision: change.expectedRevision,
    ...(change.definition && encode(change.definition)),
    timing: change.schedule,
    pausedReason: change.pausedReason ?? undefined,
    // An absent one means another thing than none.
    changesAt: change.changesAt === null ? 0 : change.changesAt,
    // 0: the pause has no end any more.
    pausedUntil: change.pausedUntil === null ? 0 : change.pausedUntil,
    runs: change.runs,
    skipped: change.skipped ?? [],
    skips: change.skips,
    event: { ...change.event, by: change.by },
    note: {
      what: kindOfChange(change),
      ...encodeNote(change, encode),
      differences: change.note?.differences,
      decidedTo: change.note?.decidedTo,
    },
  };
}

const SKIP_OUTCOMES = ["changed", "same", "running", "decided", "full", "conflict"] as const;

/** The answer of `change_skip`. */
export function decodeSkip(answer: unknown): Port.SkipOutcome {
  return SKIP_OUTCOMES.find((outcome) => outcome === answer) ?? "missing";
}

/** A removal as `remove_job` takes it. */
export function encodeRemoval(
  { by, note, bulk, ...removal }: Port.JobRemoval,
  encode: EncodeDefinition,
): object {
  const event = { name: "JOB_REMOVED", jobId: removal.jobId, by };
  return { ...removal, event, note: encodeNote({ note, bulk }, encode) };
}

function encodeNote(
  { note, bulk }: Pick<Port.JobRemoval, "bulk" | "note">,
  encode: EncodeDefinition,
): object {
  return {
    plannedAt: note?.plannedAt,
    superseded: note?.superseded && encode(note.superseded).definition,
    bulk: bulk?.id,
  };
}

/** A request as `request_run` takes it. */
export function encodeRunRequest(request: Port.RunRequest): object {
  return { ...request, params: text(request.params), bulk: request.bulk?.id };
}

/** The answer of `request_run`. */
export function decodeRunRequest(json: unknown): Port.RequestedRun | "missing" {
  return typeof json === "string" ? (JSON.parse(json) as Port.RequestedRun) : "missing";
}

/** A cancellation as `cancel_run` takes it. */
export function encodeCancel(request: Port.CancelRequest): object {
  return { ...request, bulk: request.bulk?.id };
}

/** Settlements as `settle` takes them. */
export function encodeSettle(requests: readonly Port.SettleRequest[]): object[] {
  return requests.map(({ retention, resultJson, error, durationMs, ...rest }) => ({
    ...rest,
    begun: undefined,
    durationMs: Math.max(0, Math.round(durationMs)),
    result: resultJson,
    error: text(error),
    keepCount: retention.count,
    keepAgeMs: retention.ageMs,
  }));
}

/** A suspension as `suspend` takes it. */
export function encodeSuspend({ until, error, ...rest }: Port.SuspendRequest): object {
  const roundUp = (ms: number): number => Math.max(0, Math.ceil(ms));
  return {
    ...rest,
    ...("at" in until ? { at: roundUp(until.at) } : { inMs: roundUp(until.inMs) }),
    error: text(error),
  };
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
  readonly told?: readonly Written<StoredEvent>[];
}

function decodeRun({ lastRun, params, ...run }: WrittenRun): Port.AdmittedRun {
  const { result, ...last } = lastRun ?? {};
  return {
    ...run,
    lastRun: lastRun
      ? ({
          ...last,
          ...(result === undefined ? {} : { result: readResult(result) }),
        } as LastRun)
      : null,
    ...(params === undefined ? {} : { params: readParams(params) }),
  };
}

function admission(answer: Answer): Port.Admission {
  const { o, run, revision = 0, waitMs = 0, watermark = 0 } = answer;
  const told = answer.told?.map(unpack<StoredEvent>);
  const now = { now: answer.now, ...(told && { told }) };
  switch (o) {
    case "run":
      if (run) return { outcome: "run", run: decodeRun(run), revision, ...now };
      break;
    case "none":
      return { outcome: "none", ...now };
    case "early":
      return { outcome: "early", waitMs, ...now };
    case "behind":
      return { outcome: "behind", watermark, revision, ...now };
    default:
      break;
  }
  throw new CronduitError("INTERNAL", `admit answered "${o}"`);
}

/** Reads a job as `put_jobs` answers it, or says that it can't be read. */
export type DecodePutJob<W> = (id: string, written: W) => StoredJob | undefined;

/** The answers of `put_jobs`, in the order of what was put. */
export function decodePuts<W>(
  json: unknown,
  puts: readonly Port.JobPut[],
  decode: DecodePutJob<W>,
): Port.JobPutResult[] {
  const answers = JSON.parse(String(json)) as { o: string; generation: number; job?: W }[];
  return answers.map(({ o, generation, job }, i) => {
    const stored = job && decode(puts[i]?.definition.id ?? "", job);
    const result: Port.JobPutResult =
      o === "created" ? { outcome: o, generation } : { outcome: o === "same" ? o : "exists" };
    return stored ? Object.assign(result, { job: stored }) : result;
  });
}

/** The answers of `put_jobs` to jobs whose ids were claimed. */
export function decodeClaimedPuts<W>(
  json: unknown,
  puts: readonly ClaimedPut[],
  decode: DecodePutJob<W>,
): ClaimedPutResult[] {
  const answers = JSON.parse(String(json)) as { o: string }[];
  return decodePuts(json, puts, decode).map((result, i) =>
    answers[i]?.o === "void" ? { outcome: "void" } : result,
  );
}

/** The answers of `claim_jobs`. */
export function decodeClaims(json: unknown): ClaimResult[] {
  const answers = JSON.parse(String(json)) as { o: string; queue: string; number: number }[];
  return answers.map(({ o, queue, number }) => {
    if (o === "claimed") return { outcome: o, number };
    return o === "elsewhere" ? { outcome: o, claim: { queue, number } } : { outcome: "exists" };
  });
}

/** The answer of `change_job`. */
export function decodeChange(json: unknown): Port.JobChangeResult {
  const { o, generation } = JSON.parse(String(json)) as { o: string; generation: number };
  return o === "changed"
    ? { outcome: o, generation }
    : { outcome: o === "missing" ? o : "conflict" };
}

/** The answers of `admit`. */
export function decodeAdmission(json: unknown): Port.Admission[] {
  return (JSON.parse(String(json)) as Answer[]).map(admission);
}

/** The answers of `settle`. */
export function decodeSettlement(json: unknown): Port.Settlement[] {
  return (JSON.parse(String(json)) as (Answer & { ended?: boolean })[]).map(
    ({ o, now, ended }) => ({
      outcome: o === "settled" ? "settled" : "fenced",
      endedQueueJob: ended === true,
      now,
    }),
  );
}

/** The answer of `suspend`. */
export function decodeSuspension(json: unknown): Port.Suspension {
  const { o, waitMs = 0 } = JSON.parse(String(json)) as { o: string; waitMs?: number };
  if (o === "suspended") return { outcome: o, waitMs };
  return { outcome: o === "cancelled" || o === "until-resume" ? o : "fenced" };
}

/** The answer of `cancel_run`. */
export function decodeCancel(answer: unknown): Port.CancelOutcome {
  return answer === "cancelled" || answer === "asked" ? answer : "unknown";
}
