import { type IRecognitionException, type IToken, Lexer } from "chevrotain";
import { ConditionError, CronduitError } from "../core/errors.ts";
import { type Condition, TERM_NAMES } from "./condition.ts";
import { ConditionGrammar } from "./grammar.ts";
import { MAX_TEXT, sizeProblem } from "./limits.ts";
import { validateCondition } from "./schema.ts";
import {
  AFTER_CONDITION,
  ARGUMENTS,
  CONDITION_START,
  type Fault,
  meantKeyword,
  meantQuotedId,
  meantTerm,
  syntaxError,
  TERM_CHOICES,
} from "./syntax-error.ts";
import { Dot, TOKENS, Unclosed, Unknown } from "./tokens.ts";

interface Reader {
  readonly lexer: Lexer;
  readonly grammar: ConditionGrammar;
}
let reader: Reader | undefined;

/** Created on first use: chevrotain takes a few milliseconds to analyse a grammar. */
function getReader(): Reader {
  reader ??= {
    lexer: new Lexer(TOKENS, { positionTracking: "onlyOffset" }),
    grammar: new ConditionGrammar(),
  };
  return reader;
}

/** What would be valid at each place where the grammar can stop. */
function expectedAt(place: string, before: readonly IToken[]): readonly string[] {
  switch (place) {
    case "condition:end":
      return [...AFTER_CONDITION, "the end"];
    case "one:start":
      return CONDITION_START;
    case "one:Close":
      return [...AFTER_CONDITION, ")"];
    case "term:Dot":
      return ["a dot and a term"];
    case "term:Word":
      return TERM_CHOICES;
    case "term:Argument":
      return [(before.at(-2)?.image === TERM_NAMES.runs ? ARGUMENTS.runs : ARGUMENTS.within) ?? ""];
    case "term:Close":
      return [")"];
    default:
      throw new CronduitError("INTERNAL", `The grammar of conditions has no place "${place}".`);
  }
}

function suggestionAt(
  place: string,
  text: string,
  token: IToken,
  before: readonly IToken[],
): string | undefined {
  const { image, startOffset } = token;
  const isOdd = token.tokenType === Unknown;
  const quotedId = (): string | undefined => meantQuotedId(text, startOffset);
  switch (place) {
    case "one:start":
      return quotedId() ?? (isOdd ? meantKeyword(image) : undefined);
    case "term:Dot": {
      const word = before.at(-1)?.image ?? "";
      if (meantTerm(word) === word) return `job_id.${word}`;
      return isOdd ? quotedId() : undefined;
    }
    case "condition:end":
    case "one:Close":
      return meantKeyword(image) ?? (token.tokenType === Dot ? quotedId() : undefined);
    default:
      return undefined;
  }
}

function toFault(text: string, tokens: readonly IToken[], error: IRecognitionException): Fault {
  const { token, message: place } = error;
  const index = tokens.indexOf(token);
  const before = index === -1 ? tokens : tokens.slice(0, index);
  const isUnclosed = token.tokenType === Unclosed;
  return {
    text,
    offset: index === -1 ? text.trimEnd().length : token.startOffset,
    found: token.image,
    expected: isUnclosed ? ["a closing quote"] : expectedAt(place, before),
    problem: isUnclosed ? "this quote is not closed" : undefined,
    suggestion: isUnclosed ? undefined : suggestionAt(place, text, token, before),
  };
}

/**
 * Reads a condition such as `job_2.last_run_successful and job_3.finished_within(30m)`; `docs/conditions.md` describes
 * the language. Takes time proportional to the length of the text.
 * @returns A frozen tree. Texts that differ only in layout or redundant parentheses give equal trees.
 * @throws {@link ConditionError} `INVALID_CONDITION` with the column, what was found there and what was expected.
 */
export function parseCondition(text: string): Condition {
  if (typeof text !== "string") throw new ConditionError("A condition must be a string.", {});
  if (text.length > MAX_TEXT)
    throw syntaxError({
      text,
      offset: MAX_TEXT,
      found: "",
      expected: [],
      problem: `longer than ${MAX_TEXT} characters`,
    });
  const { lexer, grammar } = getReader();
  const { tokens } = lexer.tokenize(text);
  grammar.begin(text, tokens);
  const condition = grammar.condition();
  const [error] = grammar.errors;
  if (error !== undefined) throw syntaxError(toFault(text, tokens, error));
  const problem = sizeProblem(condition);
  if (problem !== undefined) throw new ConditionError(`The condition ${problem}.`);
  return condition;
}

/**
 * Accepts a condition as users may write it: text, or a tree made by `when` or from JSON.
 * @throws {@link ConditionError} `INVALID_CONDITION`.
 */
export function resolveCondition(input: unknown): Condition {
  return typeof input === "string" ? parseCondition(input) : validateCondition(input);
}
