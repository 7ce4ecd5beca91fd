import type { SchemaOf } from "./pipeline.ts";
import type { ParamsSchema } from "./params-schema.ts";
import type { DependencyToken, ResolvedAll } from "./token.ts";

/** The dependency list that applies: the given one, else the class's own, else none. */
type DepsOf<C, D> = D extends readonly DependencyToken[]
  ? D
  : C extends { readonly deps: infer S extends readonly DependencyToken[] }
    ? S
    : readonly [];

/**
 * `unknown`, which changes nothing, if the dependencies fit the constructor of `C`; otherwise a type that nothing
 * matches and whose key says what is wrong. A list without a fixed length (not `as const`) is only checked at run time.
 */
export type DepsFit<C, D = undefined> = number extends DepsOf<C, D>["length"]
  ? unknown
  : C extends new (...args: ResolvedAll<DepsOf<C, D>>) => unknown
    ? DepsOf<C, D>["length"] extends ConstructorParameters<C>["length"]
      ? unknown
      : { readonly "deps lists more than the constructor takes": never }
    : { readonly "deps does not fit the constructor's parameters": never };

/** `unknown` if the schema that types `C` also exists at run time; otherwise a type that nothing matches. */
export type SchemaFits<C, P extends ParamsSchema = undefined> = [P] extends [undefined]
  ? C extends { readonly params: object }
    ? unknown
    : [SchemaOf<C>] extends [undefined]
      ? unknown
      : { readonly "static params is missing: write it, or extend Pipeline.with(schema)": never }
  : unknown;

/** What a class is known to have after `definePipeline`. */
export type Defined<C, P extends ParamsSchema> = [P] extends [undefined]
  ? C
  : C & { readonly params: P };
