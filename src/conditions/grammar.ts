import { EmbeddedActionsParser, type IToken, type ParserMethod } from "chevrotain";
import {
  type Condition,
  group,
  negation,
  TERM_NAMES,
  type Term,
  type TermKind,
} from "./condition.ts";
import { MAX_NESTING, MAX_TERMS } from "./limits.ts";
import { readCount, readJobId, readSpan } from "./read-token.ts";
import {
  AFTER_CONDITION,
  ARGUMENTS,
  meantQuotedId,
  meantTerm,
  syntaxError,
  TERM_CHOICES,
} from "./syntax-error.ts";
import { And, Argument, Close, Dot, Not, Open, Or, Quoted, TOKENS, Word } from "./tokens.ts";

const KINDS: ReadonlyMap<string, TermKind> = new Map(
  (Object.keys(TERM_NAMES) as TermKind[]).map((kind) => [TERM_NAMES[kind], kind]),
);

/**
 * The grammar. `not` binds tightest, then `and`, then `or`:
 *
 *     condition = both { "or" both }
 *     both      = one { "and" one }
 *     one       = "not" one | "(" condition ")" | term
 *     term      = job "." name [ "(" argument ")" ]
 *     job       = word | quoted
 *
 * chevrotain reports a fault as a place, `rule:token`; `parse.ts` puts it into words.
 */
export class ConditionGrammar extends EmbeddedActionsParser {
  #text = "";
  #nesting = 0;
  #terms = 0;

  readonly #job: ParserMethod<[], string> = this.RULE("job", () => {
    const token = this.OR([{ ALT: () => this.CONSUME(Word) }, { ALT: () => this.CONSUME(Quoted) }]);
    return this.ACTION(() => readJobId(this.#text, token));
  });

  readonly #term: ParserMethod<[], Term> = this.RULE("term", () => {
    const first = this.LA(1);
    const jobId = this.SUBRULE(this.#job);
    this.CONSUME(Dot);
    const name = this.CONSUME2(Word);
    const kind = this.ACTION(() => this.#kindOf(name));
    const argument = this.OPTION(() => {
      const open = this.CONSUME(Open);
      this.ACTION(() => this.#checkTakesArgument(kind, open));
      const token = this.CONSUME(Argument);
      this.CONSUME(Close);
      return token;
    });
    return this.ACTION(() => this.#toTerm({ first, jobId, kind, argument }));
  });

  readonly #one: ParserMethod<[], Condition> = this.RULE("one", () =>
    this.OR<Condition>([
      {
        ALT: () => {
          this.#enter(this.CONSUME(Not));
          const contrary = this.SUBRULE(this.#one);
          this.#leave();
          return negation(contrary);
        },
      },
      {
        ALT: () => {
          this.#enter(this.CONSUME(Open));
          const inside = this.SUBRULE(this.condition);
          this.CONSUME(Close);
          this.#leave();
          return inside;
        },
      },
      { ALT: () => this.SUBRULE(this.#term) },
    ]),
  );

  readonly #both: ParserMethod<[], Condition> = this.RULE("both", () => {
    const members = [this.SUBRULE(this.#one)];
    this.MANY(() => {
      this.CONSUME(And);
      members.push(this.SUBRULE2(this.#one));
    });
    return this.ACTION(() => group("and", members));
  });

  /** The rule to start with. */
  readonly condition: ParserMethod<[], Condition> = this.RULE("condition", () => {
    const members = [this.SUBRULE(this.#both)];
    this.MANY(() => {
      this.CONSUME(Or);
      members.push(this.SUBRULE2(this.#both));
    });
    return this.ACTION(() => group("or", members));
  });

  constructor() {
    super(TOKENS, {
      maxLookahead: 1,
      recoveryEnabled: false,
      errorMessageProvider: {
        buildMismatchTokenMessage: ({ ruleName, expected }) => `${ruleName}:${expected.name}`,
        buildNoViableAltMessage: ({ ruleName }) => `${ruleName}:start`,
        buildNotAllInputParsedMessage: () => "condition:end",
        buildEarlyExitMessage: ({ ruleName }) => `${ruleName}:start`,
      },
    });
    this.performSelfAnalysis();
  }

  /** Prepares for another text. */
  begin(text: string, tokens: IToken[]): void {
    this.#text = text;
    this.#nesting = 0;
    this.#terms = 0;
    this.input = tokens;
  }

  // Checked on the way down: the limit on length alone would allow a depth that overflows the stack.
  #enter(token: IToken): void {
    this.ACTION(() => {
      this.#nesting += 1;
      if (this.#nesting > MAX_NESTING)
        this.#fail(token, `nested more than ${MAX_NESTING} parentheses and nots deep`);
    });
  }

  #leave(): void {
    this.ACTION(() => {
      this.#nesting -= 1;
    });
  }

  #kindOf(name: IToken): TermKind {
    const kind = KINDS.get(name.image);
    if (kind !== undefined) return kind;
    // `a.b.running`: a job id with a dot in it.
    const isId = this.LA(1).tokenType === Dot;
    return this.#fail(name, undefined, {
      expected: TERM_CHOICES,
      suggestion: isId ? meantQuotedId(this.#text, name.startOffset) : meantTerm(name.image),
    });
  }

  #checkTakesArgument(kind: TermKind, open: IToken): void {
    if (!(kind in ARGUMENTS))
      this.#fail(open, `${TERM_NAMES[kind]} takes no argument`, {
        expected: [...AFTER_CONDITION, "the end"],
      });
  }

  #toTerm(read: {
    first: IToken;
    jobId: string;
    kind: TermKind;
    argument: IToken | undefined;
  }): Term {
    const { first, jobId, kind, argument } = read;
    this.#terms += 1;
    if (this.#terms > MAX_TERMS) this.#fail(first, `more than ${MAX_TERMS} terms`);
    if (kind !== "runs" && kind !== "within") return Object.freeze({ kind, jobId });
    if (argument === undefined) {
      return this.#fail(this.LA(1), `${TERM_NAMES[kind]} needs an argument in parentheses`, {
        expected: [ARGUMENTS[kind] ?? ""],
      });
    }
    return kind === "runs"
      ? Object.freeze({ kind, jobId, count: readCount(this.#text, argument) })
      : Object.freeze({ kind, jobId, withinMs: readSpan(this.#text, argument) });
  }

  #fail(
    token: IToken,
    problem: string | undefined,
    more: { expected?: readonly string[]; suggestion?: string | undefined } = {},
  ): never {
    const atEnd = Number.isNaN(token.startOffset);
    throw syntaxError({
      text: this.#text,
      offset: atEnd ? this.#text.trimEnd().length : token.startOffset,
      found: token.image,
      expected: more.expected ?? [],
      problem,
      suggestion: more.suggestion,
    });
  }
}
