import { CronduitError } from "../../core/errors.ts";

/** The same for every credential that is not good: nothing tells what is wrong with it. */
export function notAuthenticated(): CronduitError {
  return new CronduitError(
    "NOT_AUTHENTICATED",
    "The credential is not valid: it is wrong, has expired, or was revoked.",
  );
}
