import type { IToken } from "chevrotain";
import { parseDuration } from "../core/durations.ts";
import { isCronduitError } from "../core/errors.ts";
import { countProblem, jobIdProblem, withinProblem } from "./limits.ts";
import { ARGUMENTS, syntaxError } from "./syntax-error.ts";

function fail(
  text: string,
  token: IToken,
  problem: string,
  more: { expected?: readonly string[]; at?: number; suggestion?: string | undefined } = {},
): never {
  throw syntaxError({
    text,
    offset: token.startOffset + (more.at ?? 0),
    found: token.image.slice(more.at ?? 0),
    expected: more.expected ?? [],
    problem,
    suggestion: more.suggestion,
  });
}

/** Removes the quotes and escapes. */
function unquote(text: string, token: IToken): string {
  return token.image.slice(1, -1).replaceAll(/\\([^])/g, (escape, char: string, at: number) => {
    if (char !== '"' && char !== "\\")
      fail(text, token, `unknown escape \`${escape}\``, { expected: ['\\"', "\\\\"], at: at + 1 });
    return char;
  });
}

/** Reads a job id from its token, bare or quoted. */
export function readJobId(text: string, token: IToken): string {
  const jobId = token.image.startsWith('"') ? unquote(text, token) : token.image;
  const problem = jobIdProblem(jobId);
  return problem === undefined ? jobId : fail(text, token, `this job id ${problem}`);
}

/** Reads the number of runs from its token. */
export function readCount(text: string, token: IToken): number {
  const count = /^\d+$/.test(token.image) ? Number(token.image) : Number.NaN;
  const problem = countProblem(count);
  return problem === undefined
    ? count
    : fail(text, token, `\`${token.image.slice(0, 20)}\` ${problem}`, {
        expected: [ARGUMENTS.runs ?? ""],
      });
}

/** Reads the milliseconds of a span from its token. */
export function readSpan(text: string, token: IToken): number {
  const withinMs = spanOf(token.image);
  const problem = withinMs === undefined ? "is not a duration" : withinProblem(withinMs);
  if (withinMs !== undefined && problem === undefined) return withinMs;
  return fail(text, token, `\`${token.image.slice(0, 20)}\` ${problem}`, {
    expected: [ARGUMENTS.within ?? ""],
    // The likeliest meaning of a bare number, since durations in options are in seconds.
    suggestion:
      /^\d{1,9}$/.test(token.image) && Number(token.image) > 0 ? `${token.image}s` : undefined,
  });
}

function spanOf(image: string): number | undefined {
  try {
    return parseDuration(image);
  } catch (error) {
    if (isCronduitError(error, "INVALID_OPTION")) return undefined;
    throw error;
  }
}
