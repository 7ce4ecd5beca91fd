import { TriggerError, isCronduitError } from "../core/errors.ts";
import { zoneOf } from "../triggers/time/zone.ts";

/**
 * Checks the option `timezone` of a call.
 * @param where Name of the call for the error's message, such as `simulate`.
 * @throws {@link CronduitError} `INVALID_TIMEZONE`
 */
export function checkTimezone(timezone: string, where: string): void {
  try {
    zoneOf(timezone);
  } catch (error) {
    if (!isCronduitError(error, "INVALID_TIMEZONE")) throw error;
    const message = error.message.replace(/^timezone:/, `${where}, option "timezone":`);
    throw new TriggerError(message, { ...error.data, path: "timezone" }, "INVALID_TIMEZONE");
  }
}
