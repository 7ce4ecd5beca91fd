import type { Bench, Figure, Sample } from "./bench.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** A figure of one side in one part of a bench, over its rounds. */
export interface Row {
  readonly part: string;
  readonly name: string;
  readonly figure: Figure;
  readonly spreads: ReadonlyMap<string, Spread | undefined>;
  /** The first side's figure by that of another side, within a round. */
  readonly ratios: ReadonlyMap<string, Spread | undefined>;
}

/** What the samples of a bench say. Figures that no side has are left out. */
export function compare(
  bench: Pick<Bench, "figures" | "sides">,
  samples: readonly Sample[],
): Row[] {
  const parts = [...new Set(samples.map(({ part }) => part))];
  const [first = "", ...others] = bench.sides;
  return parts.flatMap((part) =>
    Object.entries(bench.figures).flatMap(([name, figure]) => {
      const of = (side: string): Map<number, number | null> =>
        new Map(
          samples
            .filter((sample) => sample.part === part && sample.side === side)
            .map((sample) => [sample.round, sample.figures[name] ?? null]),
        );
      const spreads = new Map(bench.sides.map((side) => [side, spreadOf([...of(side).values()])]));
      if ([...spreads.values()].every((spread) => spread === undefined)) return [];
      const firsts = of(first);
      const ratios = others.map((side) => {
        const each = [...of(side)].map(([round, other]) => {
          const own = firsts.get(round) ?? null;
          return own === null || other === null || other === 0 ? null : own / other;
        });
        return [side, spreadOf(each)] as const;
      });
      return [{ part, name, figure, spreads, ratios: new Map(ratios) }];
    }),
  );
}
