import type { Call } from "../history/history.ts";
import type { Change, JobSpec, Schedule } from "../history/job-spec.ts";

/** How a job is, but for overrides. */
interface Declared {
  readonly phase: "active" | "paused";
  readonly spec: JobSpec;
  /** When its pause ends by itself. */
  readonly until?: number;
}

/** What somebody overrides, and until when. */
interface Overridden {
  readonly pausedUntil?: number;
  readonly schedule?: { readonly schedule: Schedule; readonly until: number };
}

/** A possible state of a job, as it is in effect; `undefined`: it doesn't exist. */
export type JobState =
  (Declared & { readonly overridden?: Overridden; readonly declared?: Declared }) | undefined;

function inEffect(declared: Declared, overridden: Overridden): JobState {
  const { pausedUntil, schedule } = overridden;
  if (pausedUntil === undefined && schedule === undefined) return declared;
  return {
    phase: pausedUntil === undefined ? declared.phase : "paused",
    spec: schedule ? { ...declared.spec, schedule: schedule.schedule } : declared.spec,
    overridden,
    declared,
  };
}

/** Without what ends at an instant. */
function ended(declared: Declared, { pausedUntil, schedule }: Overridden, at: number): JobState {
  const { phase, spec, until } = declared;
  return inEffect(
    until === at
      ? { phase: "active", spec }
      : { phase, spec, ...(until !== undefined && { until }) },
    {
      ...(pausedUntil !== undefined && pausedUntil !== at && { pausedUntil }),
      ...(schedule && schedule.until !== at && { schedule }),
    },
  );
}

/** A period and the states that the job may have had in it. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly states: readonly JobState[];
  /** The calls in progress during it; none: nothing changed. */
  readonly calls: readonly Call[];
}

/** The states of one job over time. */
export interface JobStates {
  readonly stretches: readonly Stretch[];
  /** Calls whose answers no order explains. */
  readonly unexplained: readonly Call[][];
}

/** With more concurrent calls than this, orders aren't tried one by one. */
const MAX_TOGETHER = 10;

/** The result of a change; `undefined` as a whole if it can't have succeeded. */
function applied(change: Change, state: JobState): { readonly state: JobState } | undefined {
  if (change.kind === "add") {
    // Adding a job again with an equal declaration changes nothing.
    return { state: state ?? { phase: "active", spec: change.spec } };
  }
  if (change.kind === "ends" && state === undefined) return { state };
  if (state === undefined) return undefined;
  const { overridden = {}, declared: { phase, spec, until } = state } = state;
  const declared: Declared = { phase, spec, ...(until !== undefined && { until }) };
  const made = (own: Declared, over = overridden) => ({ state: inEffect(own, over) });
  switch (change.kind) {
    case "pause": {
      const { until: end } = change;
      return made({ phase: "paused", spec, ...(end !== undefined && { until: end }) });
    }
    case "resume":
      return made({ phase: "active", spec });
    case "remove":
      return { state: undefined };
    case "modify": {
      const { work, rev } = change;
      // A rule that isn't given stays.
      const { retry, timeoutMs } = spec.rules;
      const rules = {
        ...change.rules,
        retry: change.rules.retry ?? retry,
        timeoutMs: change.rules.timeoutMs ?? timeoutMs,
      };
      return made({ ...declared, spec: { ...spec, rules, work, rev } });
    }
    case "reschedule": {
      const { schedule, work, rev } = change;
      return made({ ...declared, spec: { ...spec, schedule, work, rev } });
    }
    case "override": {
      const { isPaused, schedule, until: end } = change;
      return made(declared, {
        ...overridden,
        ...(isPaused && { pausedUntil: end }),
        ...(schedule && { schedule: { schedule, until: end } }),
      });
    }
    case "clear":
      return made(declared, {});
    case "ends":
      return { state: ended(declared, overridden, change.at) };
    case "skip":
    case "unskip":
    case "run":
    case "bulk":
      return { state };
  }
}

/**
 * An addition is refused if the job exists; everything else if it doesn't, or if its only date is over; what is about an instant
 * if that has passed, and a resume if too much is to run after all, or an override goes on.
 */
function mayBeRefused(change: Change, state: JobState): boolean {
  if (change.kind === "add") return state !== undefined;
  if (change.kind === "skip" || change.kind === "unskip" || change.kind === "override") return true;
  if (change.kind === "pause" && change.until !== undefined) return true;
  if (change.kind === "resume" && change.missed !== undefined) return true;
  return state === undefined || state.spec.schedule.kind === "date";
}

function outcomes({ edit, result, isRepeated }: Call, state: JobState): JobState[] {
  const next = applied(edit.change, state);
  // A removal that was sent twice finds no such job, because of itself.
  if (result === "refused" && isRepeated && edit.change.kind === "remove") return [undefined];
  if (result === "refused") return mayBeRefused(edit.change, state) ? [state] : [];
  if (result === "unknown") return next ? [state, next.state] : [state];
  return next ? [next.state] : [];
}

const keyOf = (state: JobState): string => JSON.stringify(state ?? null);

class StateSet {
  readonly #byKey = new Map<string, JobState>();

  add(state: JobState): boolean {
    const key = keyOf(state);
    if (this.#byKey.has(key)) return false;
    this.#byKey.set(key, state);
    return true;
  }

  get all(): JobState[] {
    return [...this.#byKey.values()];
  }
}

/** Tries every order that real time allows: a call answered before another was made comes first. */
function explore(
  calls: readonly Call[],
  before: readonly JobState[],
): { seen: StateSet; final: StateSet } {
  const seen = new StateSet();
  const final = new StateSet();
  const done = new Set<string>();
  const walk = (left: readonly Call[], state: JobState): void => {
    const place = `${left.map((call) => calls.indexOf(call)).join()} ${keyOf(state)}`;
    if (done.has(place)) return;
    done.add(place);
    seen.add(state);
    if (left.length === 0) final.add(state);
    const firstAnswer = Math.min(...left.map(({ to }) => to));
    for (const call of left) {
      if (call.from > firstAnswer) continue;
      const rest = left.filter((other) => other !== call);
      for (const next of outcomes(call, state)) walk(rest, next);
    }
  };
  for (const state of before) walk(calls, state);
  return { seen, final };
}

/** All orders together: the results of any subset of the calls. */
function anything(calls: readonly Call[], before: readonly JobState[]): StateSet {
  const seen = new StateSet();
  const waiting = [...before];
  while (waiting.length > 0) {
    const state = waiting.pop();
    if (!seen.add(state)) continue;
    for (const { edit } of calls) {
      const next = applied(edit.change, state);
      if (next) waiting.push(next.state);
    }
  }
  return seen;
}

/** Groups of overlapping calls. */
function clusters(calls: readonly Call[]): Call[][] {
  const found: { calls: Call[]; to: number }[] = [];
  for (const call of calls.toSorted((a, b) => a.from - b.from)) {
    const last = found.at(-1);
    if (last && call.from <= last.to) {
      last.calls.push(call);
      last.to = Math.max(last.to, call.to);
    } else found.push({ calls: [call], to: call.to });
  }
  return found.map((cluster) => cluster.calls);
}

/** For what ends by itself, a call of nobody's at its end. */
export function withEnds(calls: readonly Call[]): Call[] {
  const ends = calls.flatMap(({ edit, result }): Call[] => {
    const { change } = edit;
    const at = change.kind === "pause" || change.kind === "override" ? change.until : undefined;
    if (at === undefined || result === "refused") return [];
    const own = { id: -1, job: edit.job, change: { kind: "ends", at } } as const;
    return [{ edit: own, pid: 0, from: at, to: at, result: "ok" }];
  });
  // A call that was repeated has the same end.
  const isFirst = ({ from }: Call, i: number): boolean =>
    ends.findIndex((other) => other.from === from) === i;
  return [...calls, ...ends.filter(isFirst)];
}

/** Derives a job's possible states over time from its clients' calls and their answers. */
export function jobStates(calls: readonly Call[], from: number): JobStates {
  const stretches: Stretch[] = [];
  const unexplained: Call[][] = [];
  let states: readonly JobState[] = [undefined];
  let at = from;
  for (const cluster of clusters(calls)) {
    const begin = Math.min(...cluster.map((call) => call.from));
    const end = Math.max(...cluster.map((call) => call.to));
    stretches.push({ from: at, to: begin, states, calls: [] });
    const isSmall = cluster.length <= MAX_TOGETHER;
    const { seen, final } = isSmall
      ? explore(cluster, states)
      : { seen: anything(cluster, states), final: anything(cluster, states) };
    if (final.all.length === 0) unexplained.push(cluster);
    stretches.push({ from: begin, to: end, states: seen.all, calls: cluster });
    states = final.all.length > 0 ? final.all : anything(cluster, states).all;
    at = end;
  }
  stretches.push({ from: at, to: Number.POSITIVE_INFINITY, states, calls: [] });
  return { stretches, unexplained };
}

/** The states that the job may have had in [`from`, `to`]. */
export function statesIn({ stretches }: JobStates, from: number, to: number): JobState[] {
  const found = new StateSet();
  for (const stretch of stretches)
    if (stretch.from <= to && stretch.to >= from)
      stretch.states.forEach((state) => found.add(state));
  return found.all;
}
