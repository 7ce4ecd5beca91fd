import createRedact from "@pinojs/redact";
import { CronduitError } from "../core/errors.ts";
import type { LogFields } from "../core/log.ts";
import { MASK } from "../pipeline/secrets/secret-paths.ts";

/** Masks fields of log lines. It owns what it is given and may change it. */
export type Redaction = (fields: LogFields) => LogFields;

/**
 * Creates the function that masks the fields at these paths, e.g. `password`, `user.token`, `*.secret`, `items[*].key`.
 * @throws {@link CronduitError} `INVALID_OPTION`
 */
export function createRedaction(paths: readonly string[]): Redaction | undefined {
  if (paths.length === 0) return undefined;
  try {
    const redact = createRedact({ paths: [...paths], censor: MASK, serialize: (copy) => copy });
    return (fields) => redact(fields) as LogFields;
  } catch (error) {
    throw new CronduitError(
      "INVALID_OPTION",
      `Option "redact": ${error instanceof Error ? error.message : "a path can't be read"}. Write paths like "password", "user.token" or "*.secret".`,
      { data: { path: "redact" }, cause: error },
    );
  }
}
