import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Line } from "../program/journal.ts";
import type { EngineName } from "../run/chaos-server.ts";
import type { Change } from "./job-spec.ts";
import type { Attempt, Call, Crash, Fault, Heard, Stall } from "./history.ts";

/** A line, and the process that wrote it. */
type Signed = Line & { readonly pid: number; readonly role: string };

const FILE = /^(\w+)\.(\d+)\.jsonl$/;
/** An unanswered call of a dead process may still sit in a buffer while the server is frozen. */
const ON_ITS_WAY_MS = 10_000;

function readLines(dir: string): Signed[] {
  return readdirSync(dir).flatMap((file) => {
    const [, role = "", pid] = FILE.exec(file) ?? [];
    if (pid === undefined) return [];
    return readFileSync(join(dir, file), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => Object.assign(JSON.parse(line) as Line, { pid: Number(pid), role }));
  });
}

type Of<What extends Line["what"]> = Extract<Signed, { what: What }>;

function only<What extends Line["what"]>(lines: readonly Signed[], what: What): Of<What>[] {
  return lines.filter((line): line is Of<What> => line.what === what);
}

/** Attempts that have started and not ended, according to the workers' journals so far. */
export function livingRuns(dir: string): { pid: number; run: string; act: string }[] {
  const lines = readLines(dir);
  return withEnds(lines)
    .filter(({ end }) => end === undefined)
    .map(({ start }) => start);
}

interface Begun {
  readonly start: Of<"start">;
  readonly end: Of<"end"> | undefined;
}

/** Pairs each start with its own end. An attempt that slept may have continued in the same process. */
function withEnds(lines: readonly Signed[]): Begun[] {
  const ends = new Map<string, Of<"end">[]>();
  for (const end of only(lines, "end")) {
    const key = `${end.pid} ${end.run} ${end.attempt}`;
    const same = ends.get(key);
    if (same) same.push(end);
    else ends.set(key, [end]);
  }
  // A process's lines are in the order of writing.
  return only(lines, "start").map((start) => ({
    start,
    end: ends.get(`${start.pid} ${start.run} ${start.attempt}`)?.shift(),
  }));
}

/** The journals of a run's processes. */
export interface Witnesses {
  readonly attempts: Attempt[];
  readonly calls: Call[];
  readonly heard: Heard[];
  readonly faults: Fault[];
  readonly stalls: Stall[];
  readonly slowness: { readonly from: number; readonly to: number }[];
  readonly deaths: { readonly pid: number; readonly at: number }[];
  readonly crashes: Crash[];
  readonly warnings: { readonly pid: number; readonly at: number; readonly text: string }[];
}

/** Reads all append-only files of a run. */
export function readWitnesses(dir: string, engine: EngineName): Witnesses {
  const lines = readLines(dir);
  const deaths = only(lines, "dead").map(({ dead, at }) => ({ pid: dead, at }));
  const stalls = only(lines, "stall").map(({ pid, from, at }) => ({ pid, from, to: at }));
  const faults = only(lines, "fault")
    .map(({ fault }) => proved(fault, lines, stalls))
    .toSorted((a, b) => a.from - b.from);
  const calls = engine === "redis" ? callsOf(lines, deaths) : unorderedCalls(lines, deaths, faults);
  return {
    attempts: attemptsOf(lines, deaths),
    calls: calls.flatMap(callsOfEach).map((call) => withRepetition(call, faults)),
    heard: only(lines, "heard")
      .map(({ heard, pid }) => Object.assign(heard, { pid }))
      .toSorted((a, b) => a.at - b.at),
    faults,
    stalls,
    slowness: only(lines, "slow-server").map(({ from, at }) => ({ from, to: at })),
    deaths,
    crashes: only(lines, "crash").map(({ crashed, at, text }) => ({ pid: crashed, at, text })),
    warnings: only(lines, "warning").map(({ pid, at, text }) => ({ pid, at, text })),
  };
}

type Deaths = readonly { readonly pid: number; readonly at: number }[];

function attemptsOf(lines: readonly Signed[], deaths: Deaths): Attempt[] {
  return withEnds(lines).map(({ start, end }) => {
    const { job, run, attempt, pid, fireAt, dueAt, admittedAt, rev } = start;
    const diedAt = deaths.find((death) => death.pid === pid)?.at;
    const begun = { job, run, attempt, pid, fireAt, dueAt, admittedAt, rev, startAt: start.at };
    const asleep = end?.asleep ? { isAsleep: true } : {};
    if (end) return Object.assign(begun, { endAt: end.at, endedOk: end.ok }, asleep);
    return diedAt === undefined ? begun : Object.assign(begun, { diedAt });
  });
}

function callsOf(lines: readonly Signed[], deaths: Deaths): Asked[] {
  const answers = only(lines, "answer");
  return only(lines, "call").map((asked) => {
    const { pid, at, edit, call } = asked;
    const answer = answers.find((one) => one.pid === pid && one.call === call);
    const error = answer?.error === undefined ? {} : { error: answer.error };
    if (answer && answer.result !== "unknown")
      return answered({ edit, pid, from: at, ...error }, answer);
    // Commands of one connection keep their order: a later answer settles an earlier call without one.
    const settledAt = answers.find(
      (one) =>
        one.pid === pid &&
        one.call > call &&
        one.result !== "unknown" &&
        one.at >= (answer?.at ?? at),
    )?.at;
    const diedAt = deaths.find((death) => death.pid === pid)?.at;
    const gone = diedAt === undefined ? Number.POSITIVE_INFINITY : diedAt + ON_ITS_WAY_MS;
    const to = settledAt ?? gone;
    return Object.assign(error, { edit, pid, from: at, to, result: "unknown" as const });
  });
}

/**
 * If a client has many connections, an unanswered call may take effect after later ones were answered, for as long as
 * it may wait for a connection or sit at an unreachable server.
 */
function unorderedCalls(
  lines: readonly Signed[],
  deaths: Deaths,
  faults: readonly Fault[],
): Asked[] {
  const answers = new Map(
    only(lines, "answer").map((answer) => [`${answer.pid} ${answer.call}`, answer]),
  );
  return only(lines, "call").map(({ pid, at, edit, call }) => {
    const answer = answers.get(`${pid} ${call}`);
    const error = answer?.error === undefined ? {} : { error: answer.error };
    if (answer && answer.result !== "unknown")
      return answered({ edit, pid, from: at, ...error }, answer);
    const leftAt = answer?.at ?? deaths.find((death) => death.pid === pid)?.at;
    let to = (leftAt ?? Number.POSITIVE_INFINITY) + ON_ITS_WAY_MS;
    for (const fault of faults)
      if (fault.pid === undefined && fault.from <= to) to = Math.max(to, fault.to + ON_ITS_WAY_MS);
    return Object.assign(error, { edit, pid, from: at, to, result: "unknown" as const });
  });
}

/** A call before {@link callsOfEach}. */
type Asked = Call & { readonly refused?: readonly string[] };

function answered(
  asked: Pick<Call, "edit" | "pid" | "from" | "error">,
  { at, result, refused }: Of<"answer">,
): Asked {
  return { ...asked, to: at, result, ...(refused && { refused }) };
}

/** A call that changes several jobs, as one for each. */
function callsOfEach({ refused = [], ...call }: Asked): Call[] {
  const { change, id } = call.edit;
  if (change.kind !== "bulk") return [call];
  const { what, jobs } = change;
  const own: Change = what === "run" ? { kind: what, bulkId: `chaos-${id}` } : { kind: what };
  return jobs.map((job) =>
    Object.assign({}, call, {
      edit: { id, job, change: own },
      ...(refused.includes(job) && { result: "refused" }),
    }),
  );
}

/** Faults that break everybody's connections make clients resend unanswered calls. */
function withRepetition(call: Call, faults: readonly Fault[]): Call {
  const isRepeated = faults.some(
    ({ pid, from, to }) => pid === undefined && from <= call.to && to >= call.from,
  );
  return isRepeated ? { ...call, isRepeated } : call;
}

/** The journals of stopped, blocked or clock-skewed processes prove those faults. */
function proved(fault: Fault, lines: readonly Signed[], stalls: readonly Stall[]): Fault {
  const { pid, from, to, kind } = fault;
  const isNear = (at: number): boolean => at >= from - 200 && at <= to + 5_000;
  if (kind === "skew-clock") {
    const skew = only(lines, "skew").find(
      (line) => line.pid === pid && isNear(line.at) && line.shownMs !== 0,
    );
    return skew ? { ...fault, proof: `its clock was ${skew.shownMs} ms off` } : fault;
  }
  if (kind !== "stop-worker" && kind !== "stop-scheduler" && kind !== "block-loop") return fault;
  const stall = stalls.find(
    (one) => one.pid === pid && isNear(one.to) && one.to - one.from >= (to - from) / 2,
  );
  return stall ? { ...fault, proof: `it stood still for ${stall.to - stall.from} ms` } : fault;
}
