import fc from "fast-check";
import { expect, test } from "vitest";
import { compileCondition } from "../../src/conditions/compile.ts";
import { type Condition, isGroup, jobsIn, termsOf } from "../../src/conditions/condition.ts";
import { evaluate, type EvaluatedTerm } from "../../src/conditions/evaluate.ts";
import { nestingOf } from "../../src/conditions/limits.ts";
import { parseCondition, resolveCondition } from "../../src/conditions/parse.ts";
import { printTerm } from "../../src/conditions/print.ts";
import { printCondition } from "../../src/conditions/print-condition.ts";
import { conditionSchema } from "../../src/conditions/schema.ts";
import { conditions, conditionsOver } from "./arbitraries.ts";
import { decide, factsOf, LEDGER_IDS, ledgers, NOW } from "./ledger.ts";
import { runCondition } from "./run-condition.ts";

const asked = conditionsOver(
  fc.constantFrom(...LEDGER_IDS),
  fc.integer({ min: 1, max: 1_200_000 }),
);

test("what is printed is read as the same", () => {
  fc.assert(
    fc.property(conditions, (condition) => {
      expect(parseCondition(printCondition(condition))).toEqual(condition);
    }),
    { numRuns: 3_000 },
  );
});

test("no pair of printed parentheses can be left out", () => {
  fc.assert(
    fc.property(conditionsOver(fc.constantFrom("a", "b", "c")), (condition) => {
      const text = printCondition(condition);
      for (const [open, close] of groupsOf(text)) {
        const without = text.slice(0, open) + text.slice(open + 1, close) + text.slice(close + 1);
        expect(parseCondition(without)).not.toEqual(condition);
      }
    }),
    { numRuns: 500 },
  );
});

/** The positions of the parentheses that group, not those of arguments. */
function groupsOf(text: string): [number, number][] {
  const open: number[] = [];
  const found: [number, number][] = [];
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === "(") open.push(i);
    const from = text[i] === ")" ? open.pop() : undefined;
    if (from !== undefined && !/\w/.test(text[from - 1] ?? "")) found.push([from, i]);
  }
  return found;
}

test("the stored form goes through JSON and the schema unchanged", () => {
  fc.assert(
    fc.property(conditions, (condition) => {
      const stored: unknown = JSON.parse(JSON.stringify(condition));
      expect(conditionSchema.parse(stored)).toEqual(condition);
      expect(resolveCondition(stored)).toEqual(condition);
      expect(resolveCondition(printCondition(condition))).toEqual(condition);
    }),
    { numRuns: 1_000 },
  );
});

test("the nesting is what the printed text shows", () => {
  fc.assert(
    fc.property(conditionsOver(fc.constantFrom("a", "b")), (condition) => {
      let deepest = 0;
      // How many "not"s are open, for each parenthesis that is.
      const nots: number[] = [0];
      for (const [word] of printCondition(condition).matchAll(/not |\w+\.\w+(?:\(\w+\))?|[()]/g)) {
        if (word === "not ") nots.push((nots.pop() ?? 0) + 1);
        else if (word === "(") nots.push(0);
        else if (word === ")") {
          nots.pop();
          nots[nots.length - 1] = 0;
        } else {
          const depth = nots.length - 1 + nots.reduce((sum, n) => sum + n, 0);
          deepest = Math.max(deepest, depth);
          nots[nots.length - 1] = 0;
        }
      }
      expect(nestingOf(condition)).toBe(deepest);
    }),
    { numRuns: 1_000 },
  );
});

test("evaluation equals the obvious reference over the runs themselves", () => {
  fc.assert(
    fc.property(asked, ledgers, (condition, ledger) => {
      const { value, terms } = evaluate(condition, factsOf(ledger), NOW);
      expect(value).toBe(decide(condition, ledger) === true);
      expect(terms.map(({ text }) => text)).toEqual(termsOf(condition).map(printTerm));
      for (const [i, term] of termsOf(condition).entries())
        expect(terms[i]?.value).toBe(decide(term, ledger) === true);
    }),
    { numRuns: 5_000 },
  );
});

test("the decisive terms alone bring the outcome about, whatever the others are", () => {
  fc.assert(
    fc.property(asked, ledgers, (condition, ledger) => {
      const facts = factsOf(ledger);
      const { value, terms } = evaluate(condition, facts, NOW);
      const holds = ({ jobId, ...term }: EvaluatedTerm): boolean =>
        facts(jobId) !== undefined && term.value !== term.negated;
      for (const term of terms) if (term.decisive) expect(holds(term)).toBe(value);

      const rest = [...terms];
      const withOthersTurned = (node: Condition, negated: boolean): boolean => {
        if (node.kind === "not") return withOthersTurned(node.of, !negated);
        if (!isGroup(node)) return rest.shift()?.decisive === true ? value : !value;
        // Each member is visited, since the terms are taken in order.
        const values = new Set(node.of.map((member) => withOthersTurned(member, negated)));
        return (node.kind === "and") === negated ? values.has(true) : !values.has(false);
      };
      expect(withOthersTurned(condition, false)).toBe(value);
    }),
    { numRuns: 1_000 },
  );
});

test("the compiled program equals evaluation", () => {
  fc.assert(
    fc.property(asked, ledgers, (condition, ledger) => {
      const program = compileCondition(condition);
      expect(JSON.parse(JSON.stringify(program))).toEqual(program);
      const facts = factsOf(ledger);
      expect(runCondition(program, facts, NOW)).toBe(evaluate(condition, facts, NOW).value);
    }),
    { numRuns: 5_000 },
  );
});

test("a condition on jobs of which none exists is false, and so is its contrary", () => {
  fc.assert(
    fc.property(conditions, (condition) => {
      const nothing = (): undefined => undefined;
      const contrary = { kind: "not", of: condition } as const;
      for (const each of [condition, contrary]) {
        expect(evaluate(each, nothing, NOW).value).toBe(false);
        expect(runCondition(compileCondition(each), nothing, NOW)).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});

test("only the jobs that jobsIn names are asked for", () => {
  fc.assert(
    fc.property(conditions, (condition) => {
      const askedFor = new Set<string>();
      evaluate(condition, (id) => void askedFor.add(id), NOW);
      expect([...askedFor]).toEqual(jobsIn(condition));
    }),
    { numRuns: 500 },
  );
});
