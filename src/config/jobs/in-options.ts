import { inCamelCase, inSnakeCase } from "../../core/name-case.ts";
import { isTable, spanOfKey, spanOfValue, unknownKey, type WrittenJob } from "./written-job.ts";
import type { Path } from "../source/place-tree.ts";

/** A value of an option, with the names in it as `addJob` has them. Names that are in camelCase already are refused. */
export function inOptions(job: WrittenJob, value: unknown, path: Path): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return refuseNumber(job, value, path);
  if (Array.isArray(value)) return value.map((entry, i) => inOptions(job, entry, [...path, i]));
  if (!isTable(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    if (/[A-Z]/.test(key))
      unknownKey(job.problems, spanOfKey(job, ...path, key), { key, known: [inSnakeCase(key)] });
    return [inCamelCase(key), inOptions(job, inner, [...path, key])] as const;
  });
  return Object.fromEntries(entries);
}

/** Params as they are; only what JSON doesn't have is refused. */
export function inParams(job: WrittenJob, value: unknown, path: Path): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return refuseNumber(job, value, path);
  if (Array.isArray(value)) return value.map((entry, i) => inParams(job, entry, [...path, i]));
  if (!isTable(value)) return value;
  const made = {};
  for (const [key, inner] of Object.entries(value))
    // A key such as `__proto__` stays one.
    Object.defineProperty(made, key, {
      value: inParams(job, inner, [...path, key]),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return made;
}

function refuseNumber(job: WrittenJob, value: number, path: Path): undefined {
  job.problems.add(spanOfValue(job, ...path), {
    code: "INVALID_VALUE",
    message: `${path.join(".")}: ${value} is no number of JSON.`,
    hint: "Write a finite number.",
  });
}
