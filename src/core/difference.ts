/** One field in which the stored definition of a job and a declared one differ. */
export interface Difference {
  /** The option of `addJob`, or a path into it: `timeout`, `params.region`, `trigger`. */
  readonly field: string;
  /** The stored value, in readable form; secrets are masked. */
  readonly stored: string;
  /** The declared value, likewise. */
  readonly declared: string;
}

/** Stands for both values of a secret. */
export const SECRET_TEXT = "[secret]";
const MAX_LISTED = 5;

/** The first differences, phrased to be part of a sentence. */
export function listDifferences(differences: readonly Difference[]): string {
  const listed = differences.slice(0, MAX_LISTED).map(describe).join("; ");
  const left = differences.length - MAX_LISTED;
  return left > 0 ? `${listed}; and ${left} more` : listed;
}

function describe({ field, stored, declared }: Difference): string {
  if (stored !== declared) return `${field}: ${stored} → ${declared}`;
  // The texts are equal if both are secrets, or were cut before the first difference.
  return `${field} differs${stored === SECRET_TEXT ? " (secret)" : ""}`;
}
