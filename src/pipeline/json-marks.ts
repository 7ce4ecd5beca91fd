import { types } from "node:util";
import { isPlain, nameOfClass } from "./json.ts";

/**
 * Returns `{ "$type": … }` for a value that JSON can't hold, to say what it was. The counterpart of `copyJson`: what
 * that rejects in params and in step results, this marks in what is stored for reading: results, log fields and events.
 * Everything else is returned as it is, including `undefined`, which JSON omits from objects and writes as `null` in
 * lists. A value's own `toJSON` has already been called.
 */
export function marked(value: unknown): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return value;
    case "number":
      return Number.isFinite(value) ? value : { $type: "number", value: String(value) };
    case "bigint":
      return { $type: "bigint", value: String(value) };
    case "symbol":
      return { $type: "symbol", name: value.description ?? "" };
    case "function":
    case "object":
      return value === null ? null : markedObject(value);
  }
}

/** The same for an object or a function. */
export function markedObject(value: object): object {
  if (typeof value === "function") return { $type: "function", name: value.name };
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return { $type: "Map", entries: [...(value as Map<unknown, unknown>)] };
  if (value instanceof Set) return { $type: "Set", values: [...(value as Set<unknown>)] };
  // What Node.js attaches to one belongs to the run around it.
  if (types.isPromise(value)) return { $type: "Promise" };
  if (value instanceof RegExp) return { $type: "RegExp", value: String(value) };
  if (value instanceof ArrayBuffer) return { $type: "ArrayBuffer", bytes: value.byteLength };
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return { $type: nameOfClass(value), values: Array.from(value as Uint8Array) };
  const symbols = Object.getOwnPropertySymbols(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key),
  );
  const own = isPlain(value) ? undefined : (nameOfClass(value) ?? "object");
  // An object whose prototype is just another object loses none of its own fields.
  const name = own === "Object" ? undefined : own;
  if (name === undefined && symbols.length === 0) return value;
  return {
    ...(name === undefined ? {} : { $type: name }),
    ...value,
    ...Object.fromEntries(symbols.map((key) => [String(key), Reflect.get(value, key)])),
  };
}
