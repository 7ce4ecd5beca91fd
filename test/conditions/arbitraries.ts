import fc from "fast-check";
import { type Condition, group, negation } from "../../src/conditions/condition.ts";
import { jobIdProblem, sizeProblem } from "../../src/conditions/limits.ts";

const bareIds = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/);
const anyIds = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  .filter((id) => jobIdProblem(id) === undefined);
/** Ids that need no quotes, ids that need them, and ids that look like words of the language. */
export const jobIds = fc.oneof(
  bareIds,
  anyIds,
  fc.constantFrom("job-2", 'a"b', "back\\slash", "and", "OR", "Not", "running", "a.b", "2nd", " "),
);

const spans = fc.oneof(
  fc.integer({ min: 1, max: 36_500 * 86_400_000 }),
  fc.constantFrom(1, 999, 1_000, 90_000, 5_400_000, 86_400_000, 604_800_000),
);

/** Conditions about the jobs that `ids` names, with spans from `withinMs`; all are within the limits. */
export function conditionsOver(
  ids: fc.Arbitrary<string>,
  withinMs: fc.Arbitrary<number> = spans,
): fc.Arbitrary<Condition> {
  const term = fc.oneof(
    fc.record({ kind: fc.constantFrom("ok", "failed", "running", "never"), jobId: ids }),
    fc.record({
      kind: fc.constant("runs" as const),
      jobId: ids,
      count: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 10_000 })),
    }),
    fc.record({ kind: fc.constant("within" as const), jobId: ids, withinMs }),
  );
  const { tree } = fc.letrec<{ tree: Condition }>((tie) => {
    const members = fc.array(tie("tree"), { minLength: 2, maxLength: 4 });
    return {
      tree: fc.oneof(
        { depthSize: "medium", withCrossShrink: true },
        term,
        members.map((of) => group("and", of)),
        members.map((of) => group("or", of)),
        tie("tree").map(negation),
      ),
    };
  });
  return tree.filter((condition) => sizeProblem(condition) === undefined);
}

/** Conditions with all that the language has. */
export const conditions = conditionsOver(jobIds);
