/** What the definitions of a job, the stored one and one that was declared, do not agree on. */
export interface Difference {
  /** The option of `addJob`, or a path into it: `timeout`, `params.region`, `trigger`. */
  readonly field: string;
  /** How it is stored, for people; secrets are masked. */
  readonly stored: string;
  /** How it was declared, likewise. */
  readonly declared: string;
}

/** What stands in a difference for both values of a secret. */
export const SECRET_TEXT = "[secret]";
const MAX_TOLD = 5;

/** The first differences as a part of a sentence. */
export function tellDifferences(differences: readonly Difference[]): string {
  const told = differences.slice(0, MAX_TOLD).map(tell).join("; ");
  const left = differences.length - MAX_TOLD;
  return left > 0 ? `${told}; and ${left} more` : told;
}

function tell({ field, stored, declared }: Difference): string {
  if (stored !== declared) return `${field}: ${stored} → ${declared}`;
  // Equal texts are of secrets, or were cut before they differ.
  return `${field} differs${stored === SECRET_TEXT ? " (secret)" : ""}`;
}
