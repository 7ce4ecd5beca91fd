import type { Engine } from "../../src/engine/port/engine.ts";

/** The sub-ports of an engine. */
export type SubPorts = Omit<
  Required<Engine>,
  "label" | "open" | "close" | "health" | "now" | "takes" | "serve"
>;

/** Methods in place of an engine's own, by sub-port. */
export type Replaced = { readonly [P in keyof SubPorts]?: Partial<SubPorts[P]> };

/** An engine with some methods of its sub-ports replaced; all else is the engine's own. */
export function engineWith(engine: Engine, replaced: Replaced): Engine {
  return over(engine, (name, member) => {
    const methods: unknown = Reflect.get(replaced, name);
    if (typeof member !== "object" || typeof methods !== "object" || methods === null)
      return member;
    return over(member as object, (method, own) => {
      const other: unknown = Reflect.get(methods, method, methods);
      return typeof other === "function" ? (other.bind(methods) as unknown) : own;
    });
  });
}

/** An engine each of whose methods, its sub-ports' too, is called through `call`. */
export function engineThrough(
  engine: Engine,
  call: (path: string, method: () => unknown, params: readonly unknown[]) => unknown,
): Engine {
  const through =
    (path: string) =>
    (name: string | symbol, member: unknown): unknown =>
      typeof member === "function"
        ? (...params: unknown[]) =>
            call(
              path + String(name),
              () => Reflect.apply(member, undefined, params) as unknown,
              params,
            )
        : typeof member === "object" && member !== null
          ? over(member, through(`${path}${String(name)}.`))
          : member;
  return over(engine, through(""));
}

/** `target` with members that are as `change` says; methods are bound, since classes with private fields ask for that. */
function over<T extends object>(
  target: T,
  change: (name: string | symbol, member: unknown) => unknown,
): T {
  return new Proxy(target, {
    get(_, name) {
      const member: unknown = Reflect.get(target, name, target);
      return change(name, typeof member === "function" ? (member.bind(target) as unknown) : member);
    },
  });
}
