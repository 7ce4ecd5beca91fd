/** A part of a line, and where it begins. */
export interface Part {
  readonly text: string;
  readonly at: number;
}

/** A line of a crontab that says when to run what. */
export interface Entry {
  /** The five fields as they are written, or a macro. */
  readonly schedule: Part;
  /** In a crontab of the system. */
  readonly user?: Part;
  /** Up to the first `%`, with `\%` still in it. */
  readonly command: Part;
}

const MACRO = /^(\s*)(@\S+)/;
const FIVE = /^(\s*)(\S+[ \t]+\S+[ \t]+\S+[ \t]+\S+[ \t]+\S+)/;

/**
 * Divides a line into its schedule, perhaps its user, and its command. Whatever is not there is empty.
 * @param hasUser Whether there is a column for the user, as in `/etc/crontab`.
 */
export function divideEntry(line: string, hasUser: boolean): Entry {
  const found = MACRO.exec(line) ?? FIVE.exec(line);
  if (!found) {
    const at = line.length - line.trimStart().length;
    const end = line.length;
    return { schedule: { text: line.trim(), at }, command: { text: "", at: end } };
  }
  const [whole, blanks = "", text = ""] = found;
  const schedule = { text, at: blanks.length };
  const first = nextPart(line, whole.length);
  if (!hasUser) return { schedule, command: restFrom(line, first) };
  const user = /^\S*/.exec(line.slice(first))?.[0] ?? "";
  const command = restFrom(line, nextPart(line, first + user.length));
  return { schedule, user: { text: user, at: first }, command };
}

function nextPart(line: string, from: number): number {
  return from + (/^[ \t]*/.exec(line.slice(from))?.[0].length ?? 0);
}

function restFrom(line: string, at: number): Part {
  return { text: line.slice(at), at };
}

/**
 * The command and what it can read, by the rules of crontab(5): the first `%` ends the command, each further one is a line
 * break of its input, which ends with one; `\%` is a `%`.
 */
export function divideCommand(text: string): { command: string; stdin?: string } {
  const end = firstPercent(text);
  const command = text
    .slice(0, end)
    .replaceAll(/\\(.)/g, (both, next: string) => (next === "%" ? "%" : both));
  if (end === text.length) return { command };
  const lines = text.slice(end + 1).split(/(?<!\\)%/);
  const stdin = lines.map((line) => line.replaceAll("\\%", "%")).join("\n");
  return { command, stdin: stdin.endsWith("\n") ? stdin : `${stdin}\n` };
}

/** Where the first `%` without a backslash stands. After two backslashes it has none, but in the input it has: so is cron. */
function firstPercent(text: string): number {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "%") return at;
    if (text[at] === "\\") at += 1;
  }
  return text.length;
}
