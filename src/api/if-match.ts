import { CronduitError } from "../core/errors.ts";

/** The tag of a job's revision. */
export function entityTag({ revision }: { readonly revision: number }): string {
  return `"${revision}"`;
}

/**
 * The revision that a request's `If-Match` asks for, to be handed to a call; nothing without the header, or with `*`.
 * @throws {@link CronduitError} `INVALID_REQUEST` if it is no revision
 */
export function ifMatch({ headers }: Request): { readonly ifRevision?: number } {
  const given = headers.get("if-match");
  if (given === null || given.trim() === "*") return {};
  return { ifRevision: revisionOf(given, "If-Match") };
}

/**
 * The same for a request that puts something: `If-None-Match: *` asks that there be nothing yet.
 * @throws {@link CronduitError} `INVALID_REQUEST`
 */
export function ifMatchOrNone(request: Request): { readonly ifRevision?: number | "none" } {
  const none = request.headers.get("if-none-match");
  const match = request.headers.get("if-match");
  if (none === null) {
    if (match?.trim() !== "*") return ifMatch(request);
    throw invalid('If-Match: "*" is not understood here. Send the revision that you have read.');
  }
  if (match !== null)
    throw invalid("If-Match and If-None-Match contradict each other. Send one of them.");
  if (none.trim() === "*") return { ifRevision: "none" };
  throw invalid("If-None-Match may only be *, for a job that is not to be there yet.");
}

function revisionOf(text: string, header: string): number {
  const digits = /^\s*(?:"(\d{1,15})"|(\d{1,15}))\s*$/.exec(text);
  if (digits) return Number(digits[1] ?? digits[2]);
  throw invalid(
    `${header} is ${JSON.stringify(text.slice(0, 60))}, and must be one revision: the ETag that the job was answered with, such as "12".`,
  );
}

function invalid(message: string): CronduitError {
  return new CronduitError("INVALID_REQUEST", message);
}
