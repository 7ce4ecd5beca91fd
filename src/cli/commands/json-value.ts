import { CliError } from "../cli-error.ts";
import { inCamelCase } from "../../core/name-case.ts";

/** The JSON that a flag gives. @throws {@link CliError} `USAGE` */
export function jsonIn(text: string, flag: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError("USAGE", `${flag}: is no JSON.`, `Write it like ${flag} '{"name": 1}'.`);
  }
}

/**
 * Fields given as `--set name=value`: a value is JSON, or else a text.
 * @throws {@link CliError} `USAGE`
 */
export function fieldsIn(given: unknown): Readonly<Record<string, unknown>> {
  const texts = Array.isArray(given) ? (given as string[]) : [];
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at < 1)
        throw new CliError(
          "USAGE",
          `--set: "${text}" has no name.`,
          "Write it like --set retry=3.",
        );
      return [inCamelCase(text.slice(0, at)), valueIn(text.slice(at + 1))];
    }),
  );
}

function valueIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
