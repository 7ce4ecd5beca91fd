/** A line `NAME = value` of a crontab. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  /** Where the value begins in the line, without quotes. */
  readonly start: number;
}

/** Why a line that sets a variable can't be read. */
export interface BadVariable {
  readonly wrong: "quote" | "name";
  readonly at: number;
}

const NAME = /^\s*(?:"([^"]*)"|'([^']*)'|([^\s="'*@][^\s=]*))\s*=/;
const GOOD_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Reads a line of a crontab as an assignment, by the rules of crontab(5): blanks around `=` don't count; name and value may be in
 * quotes of either kind, which keep blanks at the ends; nothing is replaced in a value. `undefined` for any other line.
 */
export function readVariable(line: string): Variable | BadVariable | undefined {
  const head = NAME.exec(line);
  if (!head) return undefined;
  const name = head[1] ?? head[2] ?? head[3] ?? "";
  if (!GOOD_NAME.test(name)) return { wrong: "name", at: line.search(/\S/) };
  const rest = line.slice(head[0].length);
  const inner = rest.trim();
  const start = head[0].length + (rest.length - rest.trimStart().length);
  const quote = inner[0];
  if (quote !== '"' && quote !== "'") return { name, value: inner, start };
  const close = inner.indexOf(quote, 1);
  if (close !== inner.length - 1 || close < 1) return { wrong: "quote", at: start };
  return { name, value: inner.slice(1, -1), start: start + 1 };
}
