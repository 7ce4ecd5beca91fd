import { styleText } from "node:util";
import type { Io, Output } from "../io.ts";

/** What colours mean; words and shapes say the same. */
const COLOURS = {
  good: "green",
  bad: "red",
  care: "yellow",
  quiet: "dim",
  strong: "bold",
} as const;

/** Puts a text into a colour, where colours are shown. */
export type Paint = (kind: keyof typeof COLOURS, text: string) => string;

/** The paint of an output: none where nobody sees it, or where `NO_COLOR` asks for none. `FORCE_COLOR` wins. */
export function paintFor(output: Output, env: Io["env"]): Paint {
  return showsColours(output, env)
    ? (kind, text) => (text === "" ? "" : styleText(COLOURS[kind], text, { validateStream: false }))
    : (_, text) => text;
}

function showsColours({ isTerminal }: Output, env: Io["env"]): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: none, TERM: terminal } = env;
  if (forced !== undefined) return !/^(?:0|false)$/i.test(forced);
  if (none !== undefined && none !== "") return false;
  return isTerminal && terminal !== "dumb";
}
