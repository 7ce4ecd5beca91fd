// Tables that stand in pages written by hand, made from the code: error codes and events.
import { readFileSync } from "node:fs";
import { format } from "prettier";
import { ERROR_CODES } from "../../src/core/errors.ts";
import { EVENT_BITS } from "../../src/jobs/event.ts";
import { docOf } from "./doc-comment.ts";
import type { PublicSurface } from "./exports.ts";

type Row = readonly string[];

/** Pages of `docs` with a table that is made here. */
export const PAGES_WITH_TABLES = ["errors.md", "events.md"] as const;

function errorTable(): Row[] {
  const rows = Object.entries(ERROR_CODES).map(([code, { meaning, remedy }]) => [
    `\`${code}\``,
    meaning,
    remedy,
  ]);
  return [["code", "meaning", "what to do"], ...rows];
}

function missing(name: string): never {
  throw new Error(`EVENT_${name} has no docstring`);
}

function eventTable({ exports }: PublicSurface): Row[] {
  const meanings = new Map(
    exports.map(({ name, declaration }) => [name, docOf(declaration).text.replaceAll("\n", " ")]),
  );
  const rows = Object.entries(EVENT_BITS).map(([name, bit]) => [
    `\`EVENT_${name}\``,
    String(bit),
    meanings.get(`EVENT_${name}`) ?? missing(name),
  ]);
  return [["event", "bit", "when"], ...rows];
}

/** `page` with the rows of the table whose head this is exchanged. */
function withTable(page: string, [head = [], ...rows]: readonly Row[]): string {
  const lines = page.split("\n");
  const cellsOf = (line: string) => line.split("|").slice(1, -1);
  const from = lines.findIndex(
    (line) => cellsOf(line).join().replaceAll(" ", "") === head.join().replaceAll(" ", ""),
  );
  if (from === -1) throw new Error(`there is no table with the head ${head.join(", ")}`);
  const length = lines.slice(from).findIndex((line) => !line.startsWith("|"));
  const table = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  return lines.toSpliced(from, length, ...table).join("\n");
}

/** A page of `docs` as it is, and as it is with its table made anew. */
export async function tablePage(
  name: (typeof PAGES_WITH_TABLES)[number],
  surface: PublicSurface,
): Promise<{ readonly url: URL; readonly was: string; readonly is: string }> {
  const url = new URL(`../../docs/${name}`, import.meta.url);
  const style = JSON.parse(
    readFileSync(new URL("../../.prettierrc.json", import.meta.url), "utf8"),
  ) as { readonly printWidth: number };
  const was = readFileSync(url, "utf8");
  const table = name === "errors.md" ? errorTable() : eventTable(surface);
  return { url, was, is: await format(withTable(was, table), { ...style, parser: "markdown" }) };
}
