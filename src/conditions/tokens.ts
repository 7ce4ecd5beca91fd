import { createToken, Lexer } from "chevrotain";

/** A job's id without quotes, or the name of a term. */
export const Word = createToken({ name: "Word", pattern: /[A-Za-z_][A-Za-z0-9_]*/ });

// Exactly lower or upper case: `And` stays a word, and its error says what was meant.
export const And = createToken({ name: "And", pattern: /and|AND/, longer_alt: Word });
export const Or = createToken({ name: "Or", pattern: /or|OR/, longer_alt: Word });
export const Not = createToken({ name: "Not", pattern: /not|NOT/, longer_alt: Word });

/** A job's id in double quotes; which escapes it may hold is checked when it is read, for the column's sake. */
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
/** Whatever is left, so that each text has tokens and it is the parser that says what was expected there. */
export const Unknown = createToken({ name: "Unknown", pattern: /[^\s\w.()"]+/ });

/** In the order in which they are tried. */
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
