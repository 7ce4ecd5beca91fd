import { complain } from "../core/complaint.ts";
import { z } from "zod";
import { ConditionError } from "../core/errors.ts";
import type { Condition } from "./condition.ts";
import {
  jobIdProblem,
  MAX_COUNT,
  MAX_JOB_ID,
  MAX_TERMS,
  MAX_WITHIN_MS,
  MAX_NESTING,
  sizeProblem,
} from "./limits.ts";

/** Groups and `not`s can alternate, so the tree is at most twice as deep as the text is nested. */
const MAX_TREE_DEPTH = 2 * MAX_NESTING + 2;
/** Each term can have MAX_NESTING `not`s of its own and joins one group. */
const MAX_NODES = MAX_TERMS * (MAX_NESTING + 2);

const jobId = z
  .string()
  .min(1)
  .max(MAX_JOB_ID)
  .refine((id) => jobIdProblem(id) === undefined, "contains a control character")
  .describe("The job that the term is about; it need not exist");

function plainTerm<Kind extends string>(kind: Kind) {
  return z.strictObject({ kind: z.literal(kind), jobId }).readonly();
}

function groupOf<Kind extends "and" | "or">(kind: Kind) {
  return z
    .strictObject({
      kind: z.literal(kind),
      of: z
        .array(z.lazy(() => shape))
        .min(2)
        .max(MAX_TERMS)
        .readonly(),
    })
    .refine(({ of }) => of.every((member) => member.kind !== kind), `contains another "${kind}"`)
    .readonly();
}

const shape: z.ZodType<Condition> = z.lazy(() =>
  // Not a plain union, which would parse the members of a group once per kind at each level.
  z.discriminatedUnion("kind", [
    plainTerm("ok"),
    plainTerm("failed"),
    plainTerm("running"),
    plainTerm("never"),
    z
      .strictObject({ kind: z.literal("runs"), jobId, count: z.int().min(1).max(MAX_COUNT) })
      .readonly(),
    z
      .strictObject({
        kind: z.literal("within"),
        jobId,
        withinMs: z.int().min(1).max(MAX_WITHIN_MS),
      })
      .readonly(),
    groupOf("and"),
    groupOf("or"),
    z.strictObject({ kind: z.literal("not"), of: shape }).readonly(),
  ]),
);

/** Whether a value is small enough to be walked recursively. Stops early if it isn't, or is cyclic. */
function isWalkable(root: unknown): boolean {
  const waiting: { value: unknown; depth: number }[] = [{ value: root, depth: 1 }];
  for (let nodes = 0; ; nodes += 1) {
    const next = waiting.pop();
    if (next === undefined) return true;
    const { value, depth } = next;
    if (typeof value !== "object" || value === null || !("of" in value)) continue;
    const members: readonly unknown[] = Array.isArray(value.of) ? value.of : [value.of];
    if (depth >= MAX_TREE_DEPTH || members.length > MAX_TERMS || nodes > MAX_NODES) return false;
    waiting.push(...members.map((member) => ({ value: member, depth: depth + 1 })));
  }
}

/**
 * Validates a stored {@link Condition} and returns a frozen copy. Anything accepted has a text that `parseCondition`
 * reads as the same condition.
 */
export const conditionSchema = z
  .unknown()
  .refine(isWalkable, "is too large for a condition, or cyclic")
  .pipe(shape)
  .superRefine((condition, context) => {
    const problem = sizeProblem(condition);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });

/**
 * Checks a tree of any origin against {@link conditionSchema}.
 * @throws {@link ConditionError} `INVALID_CONDITION` with the `path` of the invalid part.
 */
export function validateCondition(input: unknown): Condition {
  const issue = firstIssue(input);
  if (!("message" in issue)) return issue.condition;
  const where = issue.path === "" ? "" : `, at ${issue.path}`;
  throw new ConditionError(
    `The condition${where}: ${issue.message} Give a string, or a condition made with when, such as when.running("a").`,
    { path: issue.path },
  );
}

function firstIssue(input: unknown): { condition: Condition } | { path: string; message: string } {
  try {
    const read = conditionSchema.safeParse(input);
    if (read.success) return { condition: read.data };
    const { path, what } = complain(read.error, conditionSchema, input);
    return { path, message: what };
  } catch {
    // A getter or proxy of the caller threw.
    return { path: "", message: "it can't be read." };
  }
}
