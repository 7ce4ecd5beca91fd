import { type Condition, jobsIn } from "../conditions/condition.ts";
import { findWaitCycle } from "../conditions/wait-cycle.ts";
import { ConditionError } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import type { Engine } from "../engine/port/engine.ts";
import type { JobDefinition } from "../jobs/definition.ts";
import { queueOf } from "../jobs/queue.ts";
import type { Scope } from "../jobs/scope.ts";

/** Jobs examined for a cycle; a longer chain of waiting jobs isn't followed to its end. */
const MAX_LOOKED_AT = 10_000;

/**
 * Checks the conditions of jobs about to be stored: refuses jobs that would wait for each other in a cycle, and warns
 * if a condition names a job it can't see, because nobody has added it yet or it is on another queue.
 * @param engine Shows what the author may see.
 * @param sees Whose jobs these are: a condition must not tell more than that.
 * @throws {@link ConditionError} `INVALID_CONDITION` with `data.cycle`, or with `data.jobId` for a job that the author does
 * not see, whether it exists or not.
 */
export async function checkConditions(
  engine: Pick<Engine, "jobs">,
  logger: Logger,
  definitions: readonly JobDefinition[],
  sees: Scope = "all",
): Promise<void> {
  const conditional = definitions.filter(({ policy }) => policy.when !== null);
  if (conditional.length === 0) return;
  const known = new Map(definitions.map((definition) => [definition.id, definition]));
  await readReferenced(engine, known, conditional);
  if (sees !== "all") for (const each of conditional) refuseUnseen(each, known, sees);
  for (const definition of conditional) warnOfUnseen(logger, definition, known);
  const graph = new Map(
    [...known.values()].flatMap(({ id, policy }) =>
      policy.when && policy.when.waitMs !== null
        ? [[id, referencesOf(policy.when.condition)] as const]
        : [],
    ),
  );
  const cycle = findWaitCycle(graph);
  if (!cycle) return;
  const shown = cycle.map((id) => `"${id}"`).join(" waits for ");
  throw new ConditionError(
    `These jobs would wait for each other in a circle: ${shown}. Let one of them skip (conditionPolicy: "skip").`,
    { cycle },
  );
}

/** A job of an owner's own may be added later. */
function refuseUnseen(
  definition: JobDefinition,
  known: ReadonlyMap<string, JobDefinition>,
  owners: readonly string[],
): void {
  const isOwn = (id: string): boolean => owners.some((owner) => id.startsWith(`${owner}/`));
  const unseen = referencesOf(definition.policy.when?.condition).find(
    (id) => !known.has(id) && !isOwn(id),
  );
  if (unseen === undefined) return;
  throw new ConditionError(
    `The condition of job "${definition.id}" names job "${unseen}", and you see no such job.`,
    { jobId: unseen },
  );
}

function warnOfUnseen(
  logger: Logger,
  definition: JobDefinition,
  known: ReadonlyMap<string, JobDefinition>,
): void {
  const queue = queueOf(definition);
  for (const jobId of referencesOf(definition.policy.when?.condition)) {
    const named = known.get(jobId);
    const names = `the condition of job "${definition.id}" names job "${jobId}"`;
    if (!named) {
      const where = `queue "${queue}"`;
      logger.warn(
        `${names}, which does not exist: each term on it is false until that job is added to ${where}`,
      );
    } else if (queueOf(named) !== queue) {
      logger.warn(
        `${names}, which is on queue "${queueOf(named)}": a condition sees the jobs of its own queue, "${queue}", so each term on that job is false, always. Put both jobs on one queue.`,
      );
    }
  }
}

function referencesOf(condition: Condition | undefined): string[] {
  return condition === undefined ? [] : jobsIn(condition);
}

/** Reads the jobs that the conditions name, and those that their conditions name in turn. */
async function readReferenced(
  engine: Pick<Engine, "jobs">,
  known: Map<string, JobDefinition>,
  from: readonly JobDefinition[],
): Promise<void> {
  const asked = new Set(known.keys());
  let next: readonly JobDefinition[] = from;
  while (next.length > 0 && asked.size < MAX_LOOKED_AT) {
    const ids = [
      ...new Set(next.flatMap(({ policy }) => referencesOf(policy.when?.condition))),
    ].filter((id) => !asked.has(id));
    for (const id of ids) asked.add(id);
    const jobs = ids.length === 0 ? [] : await engine.jobs.get(ids);
    next = jobs.flatMap((job) => (job ? [job.definition] : []));
    for (const definition of next) known.set(definition.id, definition);
  }
}
