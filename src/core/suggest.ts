/** Longer words are not compared: the work grows with the square of the length. */
const MAX_WORD = 32;

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** A word in any spelling: `day_of_week` is `dayOfWeek`. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[_-]/g, "");
}

/**
 * The known word that was most likely meant by `word`, if one is close enough: a full name for an abbreviation
 * (`sunday` for `sun`), or up to two typos.
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  if (lower.length < 2 || lower.length > MAX_WORD) return undefined;
  const same = known.find((candidate) => plain(candidate) === plain(word));
  if (same !== undefined) return same;
  const whole = known.find(
    (candidate) => candidate.length >= 3 && lower.startsWith(candidate.toLowerCase()),
  );
  if (whole !== undefined) return whole;
  let best: string | undefined;
  let bestDistance = 1 + Math.min(2, Math.floor(lower.length / 2));
  for (const candidate of known) {
    const d = distance(lower, candidate.toLowerCase());
    if (d < bestDistance) [best, bestDistance] = [candidate, d];
  }
  return best;
}
