import { MAX_FILE_BYTES } from "../file-limits.ts";
import { type Finding, Problems } from "../file-problem.ts";
import { SourceText, type Span } from "./source-text.ts";

/** The content of a file, as read or already as text. */
export type FileContent = string | Uint8Array;

/** A file's text, and what is wrong with it. */
export interface ReadSource {
  readonly source: SourceText;
  readonly problems: Problems;
}

/** Reads the content of a file as text: UTF-8, perhaps with a byte order mark, without NUL, of at most 1 MB. */
export function readSource(content: FileContent, file: string): ReadSource {
  const bytes = typeof content === "string" ? Buffer.byteLength(content) : content.byteLength;
  if (bytes > MAX_FILE_BYTES)
    return refused(new SourceText(file, ""), { start: 0, end: 0 }, tooLarge(bytes));
  const { text, brokenAt } = decoded(content);
  const source = new SourceText(file, text);
  if (brokenAt !== undefined)
    return refused(
      source,
      { start: brokenAt, end: brokenAt + 1 },
      {
        code: "NOT_TEXT",
        message: "The file is not UTF-8 from here on.",
        hint: "Save it as UTF-8.",
      },
    );
  const nul = text.indexOf("\0");
  if (nul >= 0)
    return refused(
      source,
      { start: nul, end: nul + 1 },
      {
        code: "NOT_TEXT",
        message: "The file has a NUL character here.",
        hint: "Is it a text file?",
      },
    );
  return { source, problems: new Problems(source) };
}

function tooLarge(bytes: number): Finding {
  return {
    code: "FILE_TOO_LARGE",
    message: `The file has ${bytes.toLocaleString("en-US")} bytes; ${MAX_FILE_BYTES.toLocaleString("en-US")} are allowed.`,
    hint: "Divide it into several files.",
  };
}

function refused(source: SourceText, span: Span, finding: Finding): ReadSource {
  const problems = new Problems(source);
  problems.add(span, finding);
  return { source, problems };
}

/** The text without its byte order mark, and where it stops being UTF-8. */
function decoded(content: FileContent): { text: string; brokenAt?: number } {
  if (typeof content === "string") {
    const text = content.replace(/^\uFEFF/, "");
    const at = loneSurrogateAt(text);
    return at < 0 ? { text } : { text, brokenAt: at };
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(content) };
  } catch {
    const text = new TextDecoder("utf-8").decode(content);
    return { text, brokenAt: endOfUtf8(content) };
  }
}

/** Where the longest beginning that is UTF-8 ends, in UTF-16 units. */
function endOfUtf8(content: Uint8Array): number {
  let [low, high] = [0, content.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (isBeginning(content.subarray(0, middle))) low = middle;
    else high = middle - 1;
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(content.subarray(0, low), {
    stream: true,
  }).length;
}

/** Whether it is UTF-8, but for a last character that may go on. */
function isBeginning(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function loneSurrogateAt(text: string): number {
  return text.search(/\p{Surrogate}/u);
}
