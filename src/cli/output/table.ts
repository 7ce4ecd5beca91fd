import { cutInMiddle, padTo, widthOf } from "./fit.ts";

/** A column of a table. */
export interface Column<T> {
  readonly title: string;
  /** What stands there; its colours take no room. */
  readonly cell: (row: T) => string;
  /** Whether it may be cut, in the middle; reasons never are. @default false */
  readonly mayBeCut?: boolean;
}

/** What of a table is no row. */
export interface TableLook<T> {
  /** Columns of the terminal; without one, nothing is cut. */
  readonly columns: number | undefined;
  readonly bold: (text: string) => string;
  /** Lines below a row. */
  readonly below?: ((row: T) => readonly string[]) | undefined;
}

const GAP = "   ";
/** Names are told apart by this much. */
const LEAST = 12;

/** The lines of a table. */
export function tableOf<T>(
  rows: readonly T[],
  shown: readonly Column<T>[],
  { columns, bold, below = () => [] }: TableLook<T>,
): string[] {
  const cells = rows.map((row) => shown.map(({ cell }) => cell(row)));
  const wide = shown.map(({ title }, at) =>
    Math.max(widthOf(title), ...cells.map((row) => widthOf(row[at] ?? ""))),
  );
  const widths = columns === undefined ? wide : narrowed(wide, shown, columns);
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, at) => {
        const width = widths[at] ?? 0;
        const fitting = shown[at]?.mayBeCut === true ? cutInMiddle(text, width) : text;
        return padTo(fitting, width);
      })
      .join(GAP)
      .trimEnd();
  return [
    bold(line(shown.map(({ title }) => title))),
    ...rows.flatMap((row, at) => [line(cells[at] ?? []), ...below(row)]),
  ];
}

/** Takes what is too much from the columns that may be cut, the widest first. */
function narrowed<T>(
  wide: readonly number[],
  shown: readonly Column<T>[],
  columns: number,
): readonly number[] {
  const widths = [...wide];
  let over = widths.reduce((sum, width) => sum + width, GAP.length * (shown.length - 1)) - columns;
  while (over > 0) {
    const [widest] = [...widths.keys()]
      .filter((at) => shown[at]?.mayBeCut === true && (widths[at] ?? 0) > LEAST)
      .toSorted((one, other) => (widths[other] ?? 0) - (widths[one] ?? 0));
    if (widest === undefined) return widths;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
  return widths;
}
