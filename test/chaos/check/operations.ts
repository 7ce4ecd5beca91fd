import type { Change } from "../history/job-spec.ts";
import { isManual, type JobView } from "./job-view.ts";
import { clockTime, type Violation } from "./violation.ts";

/** After one of these, nobody knows whether a skip still names a fire time. */
const MOVES: ReadonlySet<Change["kind"]> = new Set([
  "add",
  "remove",
  "reschedule",
  "override",
  "clear",
  "ends",
]);

/** What was skipped in time, and not taken back, did not run. */
export function skipsInForce(job: JobView): Violation[] {
  return job.calls.flatMap(({ edit: { change }, from, to, result }) => {
    if (change.kind !== "skip" || result !== "ok") return [];
    const run = job.runs.find(
      ({ run: id, attempts: [first] }) => first.fireAt === change.at && !isManual(id),
    );
    const admittedAt = run?.attempts[0].admittedAt ?? 0;
    const isUndone = job.calls.some(
      ({ edit: { change: other }, ...call }) =>
        call.to >= from &&
        call.from <= admittedAt &&
        (MOVES.has(other.kind) || (other.kind === "unskip" && other.at === change.at)),
    );
    if (!run || admittedAt <= to || isUndone) return [];
    const text = `${run.run} was admitted at ${clockTime(admittedAt)}, and its time was skipped by ${clockTime(to)}`;
    return [{ kind: "contradiction" as const, job: job.id, at: change.at, text }];
  });
}

/** A call that runs many jobs runs each once, however often it is repeated after its answer was lost. */
export function askedOnce(job: JobView): Violation[] {
  const asked = new Map<string, typeof job.calls>();
  for (const call of job.calls) {
    const { change } = call.edit;
    if (change.kind === "run")
      asked.set(change.bulkId, [...(asked.get(change.bulkId) ?? []), call]);
  }
  const runs = new Set(
    [...job.rows, ...job.open].filter(({ kind }) => kind === "manual").map(({ run }) => run),
  );
  const done = [...asked.values()].filter((calls) => calls.some(({ result }) => result === "ok"));
  const most = [...asked.values()]
    .flat()
    .filter(({ result, isRepeated }) => result !== "refused" || isRepeated === true).length;
  if (runs.size >= done.length && runs.size <= most) return [];
  const text = `${done.length} to ${most} runs were asked for, and there are ${runs.size}`;
  return [{ kind: "contradiction", job: job.id, at: done[0]?.[0]?.from ?? 0, text }];
}
