import { open, realpath } from "node:fs/promises";
import { dirname, isAbsolute, normalize } from "node:path";
import { z } from "zod";
import { SecretValues } from "../pipeline/secrets/secret-values.ts";
import { TaskError } from "./task-error.ts";

const MAX_FILE = 64 * 1024;
const REFERENCE = /^(?:env:[A-Za-z_]\w{0,199}|file:\/[^\0]{1,4000})$/;

/** A secret by its place: `env:NAME`, or `file:/path`. */
export const secretReferenceSchema = z
  .string()
  .max(4_096)
  .refine(
    isReference,
    'is no reference to a secret, such as "env:API_TOKEN" or "file:/run/secrets/api-token"',
  );

/** Which references may be used: one, or all that begin with a text. */
export const secretGrantSchema = z
  .string()
  .max(4_096)
  .refine(
    (text) => /^env:[A-Za-z_]\w{0,198}\*$/.test(text) || isReference(text),
    'is none of "env:NAME", "env:PREFIX_*", "file:/path", "file:/folder/"',
  );

function isReference(text: string): boolean {
  if (!REFERENCE.test(text)) return false;
  const path = text.slice("file:".length);
  return text.startsWith("env:") || (isAbsolute(path) && normalize(path) === path);
}

/** Where secrets are read from. */
export interface SecretSource {
  readonly environment: Readonly<Record<string, string>>;
  readonly grants: readonly string[];
}

/**
 * Reads a secret, now and here.
 * @throws {@link TaskError} `SECRET_UNAVAILABLE`
 */
export async function readSecret(reference: string, source: SecretSource): Promise<string> {
  const grant = source.grants.find((each) => covers(each, reference));
  if (grant === undefined)
    throw unavailable(
      reference,
      "tasks of this worker may not use it; name it in the settings of its tasks",
      false,
    );
  if (reference.startsWith("file:")) return readFileSecret(reference, grant);
  const name = reference.slice("env:".length);
  const value = Object.hasOwn(source.environment, name) ? source.environment[name] : undefined;
  if (value !== undefined && value !== "") return value;
  throw unavailable(
    reference,
    `the worker's environment has no variable ${name}${value === "" ? " with a value" : ""}`,
  );
}

function covers(grant: string, reference: string): boolean {
  if (grant === reference) return true;
  if (grant.endsWith("*")) return reference.startsWith(grant.slice(0, -1));
  return grant.startsWith("file:") && grant.endsWith("/") && reference.startsWith(grant);
}

async function readFileSecret(reference: string, grant: string): Promise<string> {
  const path = reference.slice("file:".length);
  try {
    const real = await realpath(path);
    // A link must not lead out of the folder that was named.
    const folder = grant.endsWith("/") ? await realpath(dirname(`${grant.slice(5)}.`)) : undefined;
    if (folder !== undefined && !real.startsWith(`${folder === "/" ? "" : folder}/`))
      throw unavailable(reference, "it is a link that leads out of its folder", false);
    const text = await readBounded(real, reference);
    // Editors and `echo` end a file with a line break.
    return text.replace(/\r?\n$/, "");
  } catch (error) {
    if (error instanceof TaskError) throw error;
    const { code = "unknown" } = error as { readonly code?: string };
    throw unavailable(reference, `the file can't be read (${code})`);
  }
}

async function readBounded(path: string, reference: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw unavailable(reference, "it is not a file");
    if (stat.size > MAX_FILE)
      throw unavailable(reference, `the file is larger than ${MAX_FILE} bytes`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_FILE), 0, MAX_FILE, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

function unavailable(reference: string, why: string, retryable = true): TaskError {
  return new TaskError("SECRET_UNAVAILABLE", `The secret "${reference}": ${why}.`, {
    data: { reference },
    retryable,
  });
}

/** Masks these values wherever they appear in a text. */
export function maskOf(values: readonly string[]): SecretValues {
  return new SecretValues({ input: [[]], output: [], derived: [] }, [...values]);
}
