import { CronduitError } from "../../src/core/errors.ts";
import { parseCondition } from "../../src/conditions/parse.ts";

/** The error with which a text is refused. */
export function refusal(text: string): CronduitError {
  try {
    parseCondition(text);
  } catch (error) {
    if (error instanceof CronduitError) return error;
    throw error;
  }
  throw new Error(`was accepted: ${text}`);
}
