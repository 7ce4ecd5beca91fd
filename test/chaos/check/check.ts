import type { History } from "../history/history.ts";
import { causes } from "./causes.ts";
import { decidedOnce } from "./decided-once.ts";
import { earliestDeadline } from "./earliest-deadline.ts";
import { lostEvents, reorderedEvents } from "./events.ts";
import { early, earlyRetries, late } from "./in-time.ts";
import { type Case, type JobView, openCase } from "./job-view.ts";
import { leaks } from "./leaks.ts";
import { notRunFacts } from "./not-run-facts.ts";
import { askedOnce, skipsInForce } from "./operations.ts";
import { overlap } from "./overlap.ts";
import { ranFacts } from "./ran-facts.ts";
import { revision } from "./revision.ts";
import { clockTime, type Violation } from "./violation.ts";
import { wrongAccount, wrongFigures } from "./wrong-figures.ts";

/** Answers that no order of the calls explains. */
function edits(job: JobView): Violation[] {
  return job.states.unexplained.map((calls) => ({
    kind: "edit",
    job: job.id,
    at: calls[0]?.from ?? 0,
    text: `no order of these calls explains their answers: ${calls
      .map(({ edit, result, from }) => `${clockTime(from)} ${edit.change.kind} ${result}`)
      .join(", ")}`,
  }));
}

const CHECKS: readonly ((job: JobView, about: Case) => Violation[])[] = [
  decidedOnce,
  ranFacts,
  notRunFacts,
  overlap,
  early,
  earlyRetries,
  late,
  revision,
  lostEvents,
  leaks,
  causes,
  earliestDeadline,
  edits,
  skipsInForce,
  askedOnce,
  wrongFigures,
  wrongAccount,
];

/** Every broken promise in this history. */
export function check(history: History): { about: Case; violations: Violation[] } {
  const about = openCase(history);
  const violations = [
    ...about.jobs.flatMap((job) => CHECKS.flatMap((one) => one(job, about))),
    ...reorderedEvents(about),
    ...history.crashes.map(({ pid, at, text }) => ({
      kind: "crashed process" as const,
      job: "",
      at,
      text: `process ${pid} ended by itself: ${text}`,
    })),
  ];
  return { about, violations: violations.toSorted((a, b) => a.at - b.at) };
}
