import type { Readable } from "node:stream";

const MAX_LINE = 8_192;

/** Gives the lines that a stream brings, the last one too if it has no end; a very long one in pieces. */
export function eachLine(stream: Readable | null, take: (line: string) => void): () => void {
  let rest = "";
  stream?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) take(line.slice(0, MAX_LINE));
    for (; rest.length > MAX_LINE; rest = rest.slice(MAX_LINE)) take(rest.slice(0, MAX_LINE));
  });
  return () => {
    if (rest !== "") take(rest);
    rest = "";
  };
}
