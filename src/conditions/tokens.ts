import { createToken, Lexer } from "chevrotain";

/** A job id without quotes, or the name of a term. */
export const Word = createToken({ name: "Word", pattern: /[A-Za-z_][A-Za-z0-9_]*/ });

// All lower or all upper case: `And` stays a word, and its error suggests the keyword.
export const And = createToken({ name: "And", pattern: /and|AND/, longer_alt: Word });
export const Or = createToken({ name: "Or", pattern: /or|OR/, longer_alt: Word });
export const Not = createToken({ name: "Not", pattern: /not|NOT/, longer_alt: Word });

/** A job id in double quotes. Its escapes are checked when it is read, so that an error can point at the column. */
export const Quoted = createToken({
  name: "Quoted",
  pattern: /"(?:[^"\\]|\\[^])*"/,
  line_breaks: true,
});
/** Takes the whole rest, so that at most one attempt at a quoted id runs to the end in vain. */
export const Unclosed = createToken({ name: "Unclosed", pattern: /"[^]*/, line_breaks: true });

/** A number or a duration. */
export const Argument = createToken({ name: "Argument", pattern: /\d[A-Za-z0-9_]*/ });
export const Dot = createToken({ name: "Dot", pattern: /\./ });
export const Open = createToken({ name: "Open", pattern: /\(/ });
export const Close = createToken({ name: "Close", pattern: /\)/ });
const Space = createToken({
  name: "Space",
  pattern: /\s+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
});
/** Anything else, so that every text has tokens and the parser reports what it expected there. */
export const Unknown = createToken({ name: "Unknown", pattern: /[^\s\w.()"]+/ });

/** In matching order. */
export const TOKENS = [
  Space,
  And,
  Or,
  Not,
  Word,
  Argument,
  Dot,
  Open,
  Close,
  Quoted,
  Unclosed,
  Unknown,
];
