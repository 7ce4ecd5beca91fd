import type { delay as lazyToken } from "tsyringe";
import { CronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";

/** A name for a dependency that is not a class, such as an interface or a setting. Made by {@link createToken}. */
export type Token<T> = symbol & {
  /** Carries the type; doesn't exist at run time. */
  readonly "~type": T;
};

/**
 * Identifies a dependency: a class, a {@link Token}, `lazyToken(() => Class)`, or a plain string or symbol,
 * whose type can't be checked.
 */
export type DependencyToken<T = unknown> =
  | (abstract new (...args: never[]) => T)
  | Token<T>
  | ReturnType<typeof lazyToken<T>>
  | string
  | symbol;

/** What the container returns for a token; matches anything if the token carries no type. */
export type Resolved<D> =
  D extends Token<infer T>
    ? T
    : D extends abstract new (...args: never[]) => infer T
      ? T
      : D extends ReturnType<typeof lazyToken<infer T>>
        ? T
        : never;

/** The constructor arguments for a list of tokens. */
export type ResolvedAll<D extends readonly DependencyToken[]> = {
  -readonly [K in keyof D]: Resolved<D[K]>;
};

/**
 * Makes a token for something that is not a class.
 *
 * ```ts
 * const MAILER = createToken<Mailer>("Mailer");
 * container.register(MAILER, { useValue: new SmtpMailer() });
 * ```
 *
 * @param description - Names it in error messages; two tokens with the same description are different tokens.
 * @throws {@link CronduitError} `INVALID_PIPELINE` without a description.
 */
export function createToken<T>(description: string): Token<T> {
  if (typeof description !== "string" || description === "")
    throw new CronduitError(
      "INVALID_PIPELINE",
      `createToken: ${shown(description)} is no description. Write what it names, such as createToken<Mailer>("Mailer").`,
    );
  return Symbol(description) as Token<T>;
}

/** Names a token for people. */
export function describeToken(token: DependencyToken): string {
  if (typeof token === "string") return JSON.stringify(token);
  if (typeof token === "symbol") return token.description ?? "unnamed symbol";
  return typeof token === "function" ? token.name || "unnamed class" : "delayed class";
}
