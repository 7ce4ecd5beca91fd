import type { Sample } from "./bench.ts";

/** How rounds are played. */
export interface Rounds {
  readonly count: number;
  readonly parts: readonly string[];
  readonly sides: readonly string[];
  readonly say: (text: string) => void;
}

/**
 * Measures each side in each part, round after round. In every second round the sides come in the opposite order: what
 * disturbs a machine disturbs all.
 */
export async function playRounds(
  { count, parts, sides, say }: Rounds,
  measure: (part: string, side: string) => Promise<Sample["figures"]>,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= count; round += 1) {
    for (const part of parts) {
      for (const side of round % 2 === 0 ? sides.toReversed() : sides) {
        const figures = await measure(part, side);
        samples.push({ part, side, round, figures });
        say(`round ${round} of ${count}: ${part === "" ? "" : `${part}, `}${side}`);
      }
    }
  }
  return samples;
}
