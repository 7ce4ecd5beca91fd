import { constants } from "node:os";
import { ERROR_CODES } from "../../../core/errors.ts";
import type { StoredError } from "../../../core/stored-error.ts";

/** Names and codes of the language, of Node.js and of this package; others may hold anything. */
const NAMES: ReadonlySet<string> = new Set(
  `Error TypeError RangeError SyntaxError ReferenceError EvalError URIError AggregateError AbortError TimeoutError
  CronduitError ConflictingIdError JobLookupError TriggerError ConditionError`.split(/\s+/),
);
const CODES: ReadonlySet<string> = new Set([
  ...Object.keys(ERROR_CODES),
  ...Object.keys(constants.errno),
]);

/** What may be seen of an error: which kind it is. Its stack and its causes are left out. */
export function maskError({ name, code }: StoredError): StoredError {
  return {
    name: NAMES.has(name) ? name : "Error",
    message: "[masked]",
    ...(code !== undefined && CODES.has(code) ? { code } : {}),
  };
}
