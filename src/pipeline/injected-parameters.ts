import "./reflect.ts";
import type { DependencyToken } from "./token.ts";

/** What tsyringe's `@inject`, `@injectAll` and the like declare about a parameter, as of 4.10. */
export interface InjectedParameter {
  readonly token: DependencyToken;
  /** Absent for a transform of a single value. */
  readonly multiple?: boolean;
  readonly isOptional?: boolean;
  /** Class that turns the resolved value into the injected one. */
  readonly transform?: DependencyToken;
  readonly transformArgs?: readonly unknown[];
}

/** Where tsyringe keeps the tokens of `@inject`, and where the compiler puts the parameters' types. */
const INJECTED = "injectionTokens";
const EMITTED = "design:paramtypes";

/** What the compiler emits for interfaces, unions and primitives: nothing that could be injected. */
const NAMELESS: ReadonlySet<unknown> = new Set([
  undefined,
  Object,
  String,
  Number,
  Boolean,
  Symbol,
  BigInt,
  Array,
  Function,
  Promise,
]);

/**
 * What tsyringe's decorators, or the types that the compiler emits for them, declare about a constructor's parameters;
 * `undefined` for parameters without a declaration. An inherited constructor has those of its class.
 * @returns `undefined` if there is no declaration at all
 */
export function injectedParameters(
  owner: object,
): readonly (DependencyToken | InjectedParameter | undefined)[] | undefined {
  for (let at: unknown = owner; typeof at === "function"; at = Object.getPrototypeOf(at)) {
    const emitted = Reflect.getOwnMetadata(EMITTED, at) as readonly unknown[] | undefined;
    const injected = Reflect.getOwnMetadata(INJECTED, at) as Record<number, unknown> | undefined;
    if (emitted === undefined && injected === undefined) continue;
    const count = Math.max(
      at.length,
      emitted?.length ?? 0,
      ...Object.keys(injected ?? {}).map((i) => +i + 1),
    );
    return Array.from({ length: count }, (_, i) => {
      const token = injected?.[i] ?? emitted?.[i];
      return NAMELESS.has(token) ? undefined : (token as DependencyToken | InjectedParameter);
    });
  }
  return undefined;
}

/** Whether it is more than a token. */
export function isInjectedParameter(
  dependency: DependencyToken | InjectedParameter,
): dependency is InjectedParameter {
  return (
    typeof dependency === "object" &&
    "token" in dependency &&
    ("multiple" in dependency || "transform" in dependency)
  );
}
