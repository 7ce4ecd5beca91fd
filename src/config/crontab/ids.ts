import { hash } from "node:crypto";
import { compare } from "../file-problem.ts";

/** What the id of a line is made from. */
export interface Identity {
  readonly user: string;
  /** The command as it is written. */
  readonly command: string;
  /** Only tells apart lines with the same command. */
  readonly schedule: string;
}

/**
 * The ids of the lines of a crontab, in their order. An id depends on the file's name, the user and the command alone, so it stays
 * when lines move, or run at other times. Of lines with the same command, the one with the first schedule in the order of texts has
 * no number, the others have -2, -3, ….
 */
export function crontabIds(file: string, lines: readonly Identity[]): string[] {
  const bases = lines.map((line) => baseOf(file, line));
  const order = [...lines.keys()].toSorted(
    (a, b) => compare(lines[a]?.schedule ?? "", lines[b]?.schedule ?? "") || a - b,
  );
  const seen = new Map<string, number>();
  const ids: string[] = [];
  for (const i of order) {
    const base = bases[i] ?? "";
    const count = (seen.get(base) ?? 0) + 1;
    seen.set(base, count);
    ids[i] = count === 1 ? base : `${base}-${count}`;
  }
  return ids;
}

function baseOf(file: string, { user, command }: Identity): string {
  const path = file.replaceAll("\\", "/").replace(/^(?:\.\/)+/, "");
  const name = readable(path.split("/").at(-1) ?? "", 40) || "crontab";
  const program = readable(programOf(command), 30) || "command";
  const digest = hash("sha256", JSON.stringify([path, user, command]), "hex").slice(0, 10);
  return `${name}-${program}-${digest}`;
}

/** The name of the program that a command starts, for people: `backup.sh` of `/usr/bin/backup.sh --all`. */
function programOf(command: string): string {
  return /^\S*/.exec(command)?.[0].split("/").at(-1) ?? "";
}

function readable(text: string, most: number): string {
  return text
    .slice(0, most)
    .replaceAll(/[^A-Za-z0-9._]+/g, "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "");
}
