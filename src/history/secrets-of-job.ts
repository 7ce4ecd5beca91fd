import { SECRET_TEXT } from "../core/difference.ts";
import type { Engine } from "../engine/port/engine.ts";
import type { JobDefinition } from "../jobs/definition.ts";
import type { FieldChange, Revision } from "../jobs/noted-change.ts";
import type { PipelineRegistry } from "../pipeline/registry.ts";
import { joinPaths, secretPlacesOf } from "../pipeline/secrets/secret-places.ts";
import {
  ANY_DEPTH,
  EVERY_KEY,
  KEYS,
  mask,
  type SecretPath,
} from "../pipeline/secrets/secret-paths.ts";

/** What says where a job's secrets are. */
export interface SecretSources {
  readonly engine: Pick<Engine, "changes" | "jobs">;
  /** Knows the present schemas. */
  readonly registry: Pick<PipelineRegistry, "get">;
}

/**
 * Where a job has secrets, by all that is known of it: each of its definitions, and the present schemas of their pipelines. What
 * was no secret when it was written down may have become one.
 */
export async function secretsOfJob(
  { engine, registry }: SecretSources,
  jobId: string,
): Promise<readonly SecretPath[]> {
  const [[job], { revisions }] = await Promise.all([
    engine.jobs.get([jobId]),
    engine.changes.readRevisions("all", jobId),
  ]);
  return secretsOf(registry, [
    ...(job ? [job.definition] : []),
    ...revisions.flatMap(({ before }) => before?.definition ?? []),
  ]);
}

/** Where these definitions of a job, and the present schemas of their pipelines, have secrets. */
export function secretsOf(
  registry: Pick<PipelineRegistry, "get">,
  definitions: readonly JobDefinition[],
): readonly SecretPath[] {
  let paths: readonly SecretPath[] = [];
  for (const { secrets, overrides } of definitions)
    paths = joinPaths(paths, joinPaths(secrets, overrides?.params?.declared.secrets ?? []));
  for (const pipeline of new Set(definitions.map((definition) => definition.pipeline)))
    paths = joinPaths(paths, secretPlacesOf(registry.get(pipeline)?.params).input);
  return paths;
}

/** A change of a job without its secrets. */
export function withoutSecrets(revision: Revision, secrets: readonly SecretPath[]): Revision {
  const { differences, before } = revision;
  const definition = before?.definition;
  return {
    ...revision,
    ...(differences && { differences: maskedDifferences(differences, secrets) }),
    ...(before &&
      definition && { before: { ...before, definition: maskedDefinition(definition, secrets) } }),
  };
}

function maskedDefinition(
  definition: JobDefinition,
  secrets: readonly SecretPath[],
): JobDefinition {
  const { overrides } = definition;
  const below = overrides?.params;
  const declared = below && { ...below.declared, params: mask(below.declared.params, secrets) };
  return {
    ...definition,
    params: mask(definition.params, secrets),
    ...(below && declared && { overrides: { ...overrides, params: { ...below, declared } } }),
  };
}

/** Whether some of them are of params. */
export function areOfParams(differences: readonly FieldChange[]): boolean {
  return differences.some(({ field }) => PARAMS.test(field));
}

const PARAMS = /^(?:declared\.)?params(?:\.|$)/;
/** What `changedFields` writes of a mark itself. Values are quoted. */
const MARKS: ReadonlySet<string> = new Set(["marked as secret", "not marked"]);

/** Differences with the values masked that are secrets, have some in them, or are in one. */
export function maskedDifferences(
  differences: readonly FieldChange[],
  secrets: readonly SecretPath[],
): FieldChange[] {
  return differences.map((difference) => {
    const { field, from } = difference;
    const [root] = PARAMS.exec(field) ?? [];
    if (root === undefined || MARKS.has(from)) return difference;
    const below = field.slice(root.replace(/\.$/, "").length);
    const isSecret = secrets.some((path) => touches(below, path));
    return isSecret ? { field, from: SECRET_TEXT, to: SECRET_TEXT } : difference;
  });
}

/** Whether a field is above a path, at it or below. @param field `.auth.token`; keys may have dots of their own. */
function touches(field: string, path: SecretPath): boolean {
  const [key, ...rest] = path;
  if (field === "" || key === undefined || key === KEYS || key === ANY_DEPTH) return true;
  if (key !== EVERY_KEY) {
    const end = key.length + 1;
    const isNext = field.startsWith(`.${key}`) && (field.length === end || field[end] === ".");
    return isNext && touches(field.slice(end), rest);
  }
  for (let end = field.indexOf(".", 1); end >= 0; end = field.indexOf(".", end + 1))
    if (touches(field.slice(end), rest)) return true;
  // The whole field is that key.
  return true;
}
