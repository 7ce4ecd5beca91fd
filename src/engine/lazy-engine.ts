import { CronduitError } from "../core/errors.ts";
import type { Engine } from "./port/engine.ts";

/**
 * An engine whose module is loaded by `open()`, so that a program loads the libraries of the engine that it uses and no
 * others. Before that only `open`, `close`, `health`, `takes` and `endReader` may be called.
 */
export function lazyEngine(label: string, load: () => Promise<Engine>): Engine {
  let engine: Engine | undefined;
  let opening: Promise<Engine> | undefined;
  let isClosed = false;

  const loaded = (): Promise<Engine> => {
    opening ??= load().then((made) => (engine = made));
    return opening;
  };
  const before: Partial<Engine> = {
    async open() {
      if (isClosed) throw new CronduitError("INVALID_STATE", `${label} was closed.`);
      await (await loaded()).open();
    },
    async close(limitMs) {
      isClosed = true;
      await (await opening)?.close(limitMs);
    },
    async health() {
      if (!isClosed) return (await loaded()).health();
      return { ok: false, roundTripMs: undefined, problem: `${label} was closed.` };
    },
    takes: () => false,
    endReader: () => undefined,
  };
  return new Proxy({} as Engine, {
    get(_, name) {
      const target = engine ?? before;
      const value: unknown = Reflect.get(target, name);
      if (typeof value === "function") return value.bind(target) as unknown;
      if (name === "label") return value ?? label;
      // What looks whether this is a promise must not be told that it is not open.
      if (typeof name === "symbol" || name === "then") return undefined;
      throw new CronduitError("INVALID_STATE", `${label} is not open: ${name}.`);
    },
  });
}
