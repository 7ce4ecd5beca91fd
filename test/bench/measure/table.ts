import type { Bench, Sample } from "./bench.ts";
import { compare } from "./compare.ts";
import type { Spread } from "./statistics.ts";

/** A number as people read it. */
export function show(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 || value === 0 ? 0 : size >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** A median, and between which values it lies: `1.3 (1.1-1.4)`. */
export function showSpread(spread: Spread | undefined): string {
  if (!spread) return "-";
  const { median, lowest, highest } = spread;
  if (lowest === highest) return show(median);
  return `${show(median)} (${show(lowest)}-${show(highest)})`;
}

/** What a table of a bench is made of. */
export type Tabled = Pick<Bench, "figures" | "sides" | "hasSidesAsLines">;

/** The head and the lines of the table of a bench. */
export function tableOf(bench: Tabled, samples: readonly Sample[]): string[][] {
  const table = bench.hasSidesAsLines ? bySides(bench, samples) : byFigures(bench, samples);
  return samples.some(({ part }) => part !== "") ? table : table.map((line) => line.slice(1));
}

function byFigures(bench: Tabled, samples: readonly Sample[]): string[][] {
  const rows = compare(bench, samples);
  const others = bench.sides.slice(1);
  const versus = others.map((side) => (others.length === 1 ? "ratio" : `ratio to ${side}`));
  const lines = rows.map(({ part, figure, spreads, ratios }, i) =>
    [rows[i - 1]?.part === part ? "" : part, figure.label].concat(
      bench.sides.map((side) => showSpread(spreads.get(side))),
      others.map((side) => showSpread(ratios.get(side))),
    ),
  );
  return [["", "figure", ...bench.sides, ...versus], ...lines];
}

function bySides(bench: Tabled, samples: readonly Sample[]): string[][] {
  const rows = compare(bench, samples);
  const parts = [...new Set(rows.map(({ part }) => part))];
  const names = Object.keys(bench.figures).filter((name) => rows.some((row) => row.name === name));
  const lines = parts.flatMap((part) =>
    bench.sides.map((side, i) =>
      [i === 0 ? part : "", side].concat(
        names.map((name) => {
          const row = rows.find((each) => each.part === part && each.name === name);
          return showSpread(row?.spreads.get(side));
        }),
      ),
    ),
  );
  return [["", "", ...names.map((name) => bench.figures[name]?.label ?? name)], ...lines];
}

/** A table in columns of equal width. */
export function printTable(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? "").length)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
