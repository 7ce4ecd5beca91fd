import type { Heard, Row } from "../history/history.ts";
import type { Case, JobView } from "./job-view.ts";
import { clockTime, type Violation } from "./violation.ts";

/** Events that the server writes together with the decision; processes write the others afterwards. */
const DECISIONS: ReadonlySet<string> = new Set([
  "JOB_SUBMITTED",
  "JOB_STARTED",
  "JOB_EXECUTED",
  "JOB_ERROR",
  "JOB_RETRYING",
  "JOB_CANCELLED",
  "JOB_MISSED",
  "JOB_COALESCED",
  "JOB_MAX_INSTANCES",
  "JOB_SKIPPED",
]);

const VERDICT_EVENTS: Readonly<Record<string, string>> = {
  succeeded: "JOB_EXECUTED",
  failed: "JOB_ERROR",
  cancelled: "JOB_CANCELLED",
  missed: "JOB_MISSED",
  coalesced: "JOB_COALESCED",
};

function eventOf({ verdict, reason }: Row): string {
  if (verdict === "skipped")
    return reason === "max-instances" ? "JOB_MAX_INSTANCES" : "JOB_SKIPPED";
  return VERDICT_EVENTS[verdict] ?? verdict;
}

/** The named listener received every verdict, and every start that really happened. */
export function lostEvents(job: JobView): Violation[] {
  const heard = new Set(job.heard.map(({ name, fireAt }) => `${name} ${fireAt}`));
  const started = new Set(
    job.heard
      .filter(({ name }) => name === "JOB_STARTED")
      .map(({ run, attempt }) => `${run} ${attempt}`),
  );
  const unheardVerdicts = job.rows
    .filter((row) => !heard.has(`${eventOf(row)} ${row.fireAt}`))
    .map((row) => ({
      at: row.decidedAt ?? row.finishedAt ?? row.fireAt,
      text: `${eventOf(row)} of ${row.run} was not heard`,
    }));
  const unheardStarts = job.attempts
    .filter(({ run, attempt }) => !started.has(`${run} ${attempt}`))
    .map(({ run, attempt, startAt }) => ({
      at: startAt,
      text: `JOB_STARTED of ${run}, attempt ${attempt}, was not heard`,
    }));
  return [...unheardVerdicts, ...unheardStarts].map(({ at, text }) => ({
    kind: "lost event",
    job: job.id,
    at,
    text,
  }));
}

function keyOf({ name, job, run, fireAt, attempt, time }: Heard): string {
  return [name, job, run, fireAt, attempt, time].join(" ");
}

/**
 * An event that is new to the named listener is never older than those it received before: per job, and across all jobs
 * if the server does one thing at a time.
 */
export function reorderedEvents({ history }: Case): Violation[] {
  const violations: Violation[] = [];
  const known = new Set<string>();
  const newestOf = new Map<string, Heard>();
  for (const event of history.heard) {
    if (event.name === "EVENTS_LOST") {
      const text = "the listener was told that events were lost";
      violations.push({ kind: "lost event", job: "", at: event.at, text });
    }
    if (!DECISIONS.has(event.name) || known.has(keyOf(event))) continue;
    known.add(keyOf(event));
    const line = history.eventOrder === "all" ? "" : (event.job ?? "");
    const newest = newestOf.get(line);
    if (newest && event.time < newest.time) {
      const text = `${event.name} of ${event.run} (${clockTime(event.time)}) was heard after ${newest.name} of ${newest.run} (${clockTime(newest.time)})`;
      violations.push({ kind: "reordered event", job: event.job ?? "", at: event.at, text });
    } else newestOf.set(line, event);
  }
  return violations;
}

/** How many events were received more than once. */
export function repeatedEvents({ history }: Case): number {
  const decisions = history.heard.filter(({ name }) => DECISIONS.has(name));
  return decisions.length - new Set(decisions.map(keyOf)).size;
}
