import { decidersOf, type JobView, waitsForJob } from "./job-view.ts";
import type { Due } from "./occurrences.ts";
import { clockTime, type Violation } from "./violation.ts";

/** Whether a pause that surely held at `at` ended by a resume and nothing else, so that its record must exist. */
function wasResumed({ states: { stretches } }: JobView, at: number): boolean {
  const place = stretches.findIndex(({ from, to }) => from < at && at < to);
  const [held, next] = stretches.slice(place, place + 2);
  if (!held || held.calls.length > 0 || !next) return false;
  // With an edit that may or may not have taken effect, nobody knows which schedule was paused.
  const schedules = held.states.map((state) => JSON.stringify(state?.spec.schedule));
  const [call, ...others] = next.calls;
  return (
    new Set(schedules).size === 1 &&
    others.length === 0 &&
    /^(?:resume|clear|ends)$/.test(call?.edit.change.kind ?? "") &&
    call?.result === "ok" &&
    // Two overrides may end at different times.
    next.states.some((state) => state?.phase === "active")
  );
}

function mustBeDecided(job: JobView, { at, duty }: Due): boolean {
  return duty === "must" || (duty === "not" && wasResumed(job, at));
}

/** Every occurrence has exactly one verdict. */
export function decidedOnce(job: JobView): Violation[] {
  const violations: Violation[] = [];
  for (const due of job.dues) {
    const rows = decidersOf(job, due.at);
    const open = job.open.find((row) => row.kind === "scheduled" && row.fireAt === due.at);
    const about = { job: job.id, at: due.at };
    if (rows.length > 1) {
      const said = rows.map(({ verdict, run }) => `${verdict} (${run})`).join(" and ");
      violations.push({ kind: "two verdicts", ...about, text: `the ledger says ${said}` });
    } else if (rows.length === 0 && open) {
      if (waitsForJob(job, open)) continue;
      violations.push({
        kind: "no verdict",
        ...about,
        text: "claimed, and without a verdict at the end",
      });
    } else if (rows.length === 0 && mustBeDecided(job, due)) {
      const text = `due at ${clockTime(due.at)} (${due.duty} run), and the ledger does not know it`;
      violations.push({ kind: "lost occurrence", ...about, text });
    }
  }
  const ids = new Set<string>();
  for (const { run, verdict, fireAt } of job.rows) {
    const key = `${run} ${verdict === "coalesced" || verdict === "skipped" || verdict === "missed" ? "not run" : "ran"}`;
    if (ids.has(key))
      violations.push({
        kind: "two verdicts",
        job: job.id,
        at: fireAt,
        text: `two rows of ${run}`,
      });
    ids.add(key);
  }
  return violations;
}
