import type { Readable } from "node:stream";

/** Lines are cut again when stored, after secrets are masked: masking would miss half a secret. */
const MAX_LINE = 256 * 1024;

/** Yields a stream's lines, including an unterminated last one. A very long line ends with a note of how much is missing. */
export function eachLine(stream: Readable | null, take: (line: string) => void): () => void {
  let line = "";
  let missing = 0;
  const add = (part: string): void => {
    const room = MAX_LINE - line.length;
    line += part.slice(0, room);
    missing += Math.max(0, part.length - room);
  };
  const end = (): void => {
    const text = line.endsWith("\r") ? line.slice(0, -1) : line;
    take(missing === 0 ? text : `${text}… (${missing} more characters)`);
    line = "";
    missing = 0;
  };
  stream?.setEncoding("utf8").on("data", (text: string) => {
    const [first = "", ...others] = text.split("\n");
    add(first);
    for (const part of others) {
      end();
      add(part);
    }
  });
  return () => {
    if (line !== "") end();
  };
}
