import type { EpochMs } from "../core/clock.ts";
import { compileTerm } from "./compile.ts";
import { type Condition, isGroup, type Term } from "./condition.ts";
import type { FactsOf } from "./facts.ts";
import { printTerm } from "./print.ts";
import { isTermTrue } from "./run-program.ts";
import { why } from "./why.ts";

/** The outcome of one term. */
export interface EvaluatedTerm {
  /** The term as a condition writes it: `job_3.finished_within(30m)`. */
  readonly text: string;
  readonly jobId: string;
  /** Whether the term itself is true; false if its job doesn't exist. */
  readonly value: boolean;
  /** Whether it is under an odd number of `not`s. */
  readonly negated: boolean;
  /** Whether it contributed to the outcome: in a false `a and b`, only the false terms did. */
  readonly decisive: boolean;
  /** The fact in words: `job_3 last succeeded 47m ago, which is not within 30m`. */
  readonly why: string;
}

/** A condition's value together with that of every term, in the order of the text, repeated terms included. */
export interface Evaluation {
  readonly value: boolean;
  readonly terms: readonly EvaluatedTerm[];
}

/** The facts that an evaluation is based on. */
interface Ledger {
  readonly facts: FactsOf;
  readonly now: EpochMs;
}

function evaluateTerm(term: Term, negated: boolean, { facts, now }: Ledger): Evaluation {
  const known = facts(term.jobId);
  const value = known !== undefined && isTermTrue(compileTerm(term), known, now);
  return {
    // A term that isn't known to be true is false under a `not` as well; see `evaluate`.
    value: known !== undefined && value !== negated,
    terms: [
      {
        text: printTerm(term),
        jobId: term.jobId,
        value,
        negated,
        decisive: true,
        why: why(term, known, now),
      },
    ],
  };
}

// Pushes `not` down to the terms (De Morgan), where "false" and "no such job" can be told apart.
function visit(condition: Condition, negated: boolean, ledger: Ledger): Evaluation {
  if (condition.kind === "not") return visit(condition.of, !negated, ledger);
  if (!isGroup(condition)) return evaluateTerm(condition, negated, ledger);
  // No short circuit: an explanation shows every term.
  const members = condition.of.map((member) => visit(member, negated, ledger));
  const needsAll = (condition.kind === "and") !== negated;
  const value = needsAll
    ? members.every((member) => member.value)
    : members.some((member) => member.value);
  return {
    value,
    terms: members.flatMap((member) =>
      member.value === value
        ? member.terms
        : member.terms.map((term) => ({ ...term, decisive: false })),
    ),
  };
}

/**
 * Decides a condition by the facts at one moment. Evaluates every term, with the reason why it is true or false.
 *
 * A term about a job that doesn't exist is false, and so is its negation: `not typo.running` lets nothing run. As soon
 * as the job exists, `not` negates again.
 * @param now The moment of the facts, by the same clock as their times.
 */
export function evaluate(condition: Condition, facts: FactsOf, now: EpochMs): Evaluation {
  return visit(condition, false, { facts, now });
}

/**
 * Says in one sentence which terms made a condition true or false.
 * @example "The condition is false: job_3.finished_within(30m) is false, job_3 last succeeded 47m ago, which is not
 * within 30m."
 */
export function describeEvaluation({ value, terms }: Evaluation): string {
  const reasons = terms
    .filter((term) => term.decisive)
    .map((term) => `${term.negated ? "not " : ""}${term.text} is ${value}, ${term.why}`);
  return `The condition is ${value}: ${[...new Set(reasons)].join("; ")}.`;
}
