import type { EpochMs } from "../core/clock.ts";
import { parseDuration } from "../core/durations.ts";
import { CronduitError, isCronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import { suggest } from "../core/suggest.ts";
import type { Run } from "../history/run.ts";
import { durationOption } from "../jobs/duration-option.ts";
import { parseOptions } from "../jobs/options.ts";
import { stableHash } from "../triggers/hash.ts";
import type { JobInSimulation, SimulatedJob, SimulatedRun } from "./simulated-job.ts";

/** A length of time: seconds, or text such as `"5m"`. */
export type LengthOfRun = number | string;

/** Earlier runs of a job, such as a page of `getRuns`: those that have a `durationMs` count. */
export type PastRuns =
  { readonly runs: readonly Pick<Run, "durationMs">[] } | readonly Pick<Run, "durationMs">[];

/** How long attempts take; see the option `durations`. */
export type RunDurations =
  | LengthOfRun
  | ((job: JobInSimulation, fireTime: Date) => LengthOfRun | undefined)
  | Readonly<Record<string, LengthOfRun | PastRuns | undefined>>;

/** How an attempt ends; see the option `outcomes`. */
export type RunOutcomes = (
  job: JobInSimulation,
  fireTime: Date,
  attempt: number,
) => "succeeded" | "failed";

/** What nothing is known of. */
export const DEFAULT_LENGTH_MS = 60_000;
const LONGEST_MS = 3_660 * 86_400_000;

type Source =
  | { readonly kind: "fixed"; readonly ms: number }
  | { readonly kind: "past"; readonly ms: Float64Array; readonly seed: number }
  | { readonly kind: "asked" };

/** How long attempts take, and how they end. */
export class RunLengths {
  readonly #durations: RunDurations | undefined;
  readonly #outcomes: RunOutcomes | undefined;
  readonly #sources: Source[] = [];
  readonly #assumed = new Set<number>();
  readonly #texts = new Map<string, number>();

  /** @throws {@link CronduitError} `INVALID_OPTION` */
  constructor(
    durations: RunDurations | undefined,
    outcomes: RunOutcomes | undefined,
    jobIds: readonly string[],
  ) {
    this.#durations = durations;
    this.#outcomes = outcomes;
    if (typeof durations === "object") checkIds(durations, jobIds);
    for (const [index, id] of jobIds.entries()) this.#sources.push(this.#sourceOf(id, index));
  }

  /** The numbers of the jobs for which {@link DEFAULT_LENGTH_MS} was assumed. */
  get assumed(): ReadonlySet<number> {
    return this.#assumed;
  }

  /** Plans an attempt that begins: whether it succeeds. @returns how long it takes, in milliseconds */
  plan(run: SimulatedRun): number {
    const { job, fireAt } = run;
    const source = this.#sources[job.index];
    // Made only if somebody is asked, and once: there are millions of runs.
    const fireTime =
      source?.kind === "asked" || this.#outcomes !== undefined ? new Date(fireAt) : undefined;
    const lengthMs =
      fireTime && source?.kind === "asked" ? this.#ask(job, fireTime) : known(source, fireAt);
    if (job.timeoutMs !== null && lengthMs > job.timeoutMs) {
      run.succeeds = false;
      return job.timeoutMs;
    }
    run.succeeds = fireTime === undefined || this.#succeeds(run, fireTime);
    return lengthMs;
  }

  #succeeds({ job, attempt }: SimulatedRun, fireTime: Date): boolean {
    if (this.#outcomes === undefined) return true;
    const outcome: unknown = this.#outcomes(job.about, fireTime, attempt);
    if (outcome === "succeeded") return true;
    if (outcome === "failed") return false;
    throw new CronduitError(
      "INVALID_OPTION",
      `simulate, option "outcomes": returned ${shown(outcome)} for job "${job.id}". Return "succeeded" or "failed".`,
      { data: { path: "outcomes" } },
    );
  }

  #sourceOf(id: string, index: number): Source {
    const durations = this.#durations;
    if (typeof durations === "function") return { kind: "asked" };
    const own = typeof durations === "object" ? ownValue(durations, id) : durations;
    const path = typeof durations === "object" ? `durations.${id}` : "durations";
    if (typeof own === "object") {
      const lengths = pastLengths(own, path);
      if (lengths.length > 0)
        return { kind: "past", ms: Float64Array.from(lengths), seed: stableHash(id) };
    } else if (own !== undefined) return { kind: "fixed", ms: readLength(own, path) };
    this.#assumed.add(index);
    return { kind: "fixed", ms: DEFAULT_LENGTH_MS };
  }

  #ask(job: SimulatedJob, fireTime: Date): number {
    if (typeof this.#durations !== "function") return DEFAULT_LENGTH_MS;
    const given = this.#durations(job.about, fireTime);
    if (given === undefined) {
      this.#assumed.add(job.index);
      return DEFAULT_LENGTH_MS;
    }
    // Computed numbers are whatever they are; only written ones may be milliseconds by mistake.
    const ms = typeof given === "number" ? Math.round(given * 1_000) : this.#readText(given);
    if (ms >= 0 && ms <= LONGEST_MS) return ms;
    throw new CronduitError(
      "INVALID_OPTION",
      `simulate, option "durations": returned ${shown(given)} for job "${job.id}". Return seconds from 0 to ten years, or text such as "5m".`,
      { data: { path: "durations" } },
    );
  }

  #readText(text: string): number {
    const read = this.#texts.get(text);
    if (read !== undefined) return read;
    const ms = parseDuration(text);
    if (this.#texts.size < 1_000) this.#texts.set(text, ms);
    return ms;
  }
}

/** A length as it is written in the option `durations`. */
export const lengthSchema = durationOption("simulate.durations");

function readLength(given: LengthOfRun, path: string): number {
  try {
    return parseOptions(lengthSchema, given, `simulate, option "${path}"`);
  } catch (error) {
    if (!isCronduitError(error)) throw error;
    throw new CronduitError("INVALID_OPTION", error.message, { data: { ...error.data, path } });
  }
}

function pastLengths(given: PastRuns | null, path: string): number[] {
  const runs: unknown = given !== null && "runs" in given ? given.runs : given;
  const lengths = Array.isArray(runs) ? runs.map(lengthOfRun) : [Number.NaN];
  if (lengths.some(Number.isNaN))
    throw new CronduitError(
      "INVALID_OPTION",
      `simulate, option "${path}": ${shown(given)} is not allowed. Allowed: seconds, text such as "5m", or earlier runs: a list of { durationMs }, or a page of getRuns.`,
      { data: { path } },
    );
  return lengths.filter((ms) => ms !== undefined);
}

/** `undefined`: not known; not a number: it is no run. */
function lengthOfRun(run: unknown): number | undefined {
  if (typeof run !== "object" || run === null) return Number.NaN;
  const { durationMs = null } = run as { readonly durationMs?: unknown };
  if (durationMs === null) return undefined;
  const isLength = typeof durationMs === "number" && durationMs >= 0 && durationMs <= LONGEST_MS;
  return isLength ? durationMs : Number.NaN;
}

/** Earlier runs may be of jobs that the simulation goes without; a length that was written is meant for a job. */
function checkIds(durations: Readonly<Record<string, unknown>>, jobIds: readonly string[]): void {
  const ids = new Set(jobIds);
  for (const [id, length] of Object.entries(durations)) {
    if (ids.has(id) || !["number", "string"].includes(typeof length)) continue;
    const near = suggest(id, jobIds);
    const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
    throw new CronduitError(
      "INVALID_OPTION",
      `simulate, option "durations": there is no job ${shown(id)}.${hint}`,
      { data: { path: `durations.${id}`, ...(near === undefined ? {} : { suggestion: near }) } },
    );
  }
}

function ownValue<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function known(source: Source | undefined, fireAt: EpochMs): number {
  if (source?.kind === "fixed") return source.ms;
  if (source?.kind === "past") return source.ms[pick(source, fireAt)] ?? DEFAULT_LENGTH_MS;
  return DEFAULT_LENGTH_MS;
}

/** One of the past runs: always the same for a fire time, and each about as often as the others. */
function pick({ ms, seed }: { ms: Float64Array; seed: number }, fireAt: EpochMs): number {
  let mixed = seed ^ Math.imul(Math.floor(fireAt / 1_000), 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) % ms.length;
}
