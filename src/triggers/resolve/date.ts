import { TriggerError } from "../../core/errors.ts";
import type { ResolveContext } from "./context.ts";
import type { DateSpec } from "../spec.ts";
import { parseInstant } from "../time/parse-instant.ts";
import { bounds, durationMs, missing, text, zoneName, type Fields } from "./fields.ts";

/** Resolves a single run at an instant, or so long after now. */
export function resolveDate(fields: Fields, context: ResolveContext): DateSpec {
  const delay = text(fields, "in");
  const timezone = zoneName(fields, context);
  if (delay === undefined && fields["runDate"] === undefined)
    missing("date", 'either "runDate" or "in"', "runDate");
  if (delay !== undefined && fields["runDate"] !== undefined)
    throw new TriggerError('in: may not stand beside "runDate".', { field: "in" });
  const runAt =
    delay === undefined
      ? parseInstant(fields["runDate"], timezone, "runDate").instant
      : context.now + durationMs(delay, "in");
  const { startAt, endAt } = bounds(fields, context);
  if (runAt < (startAt ?? runAt) || runAt > (endAt ?? runAt)) {
    throw new TriggerError(
      "This schedule can never fire: its date lies outside of startDate and endDate.",
      {
        field: "runDate",
        reason: "never-fires",
      },
    );
  }
  return { kind: "date", timezone, runAt };
}
