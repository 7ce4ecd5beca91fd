import { CronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import { suggest } from "../core/suggest.ts";
import { EVENT_BITS, type EventName } from "../jobs/event.ts";

/** The bits of an event's name, or of several. @throws {@link CronduitError} `INVALID_OPTION` for what is no name. */
export function bitsOf(names: EventName | readonly EventName[]): number {
  const list: readonly unknown[] = Array.isArray(names) ? names : [names];
  if (list.length === 0) throw unknownEvent(names);
  return list.reduce<number>((bits, name) => {
    if (!isEventName(name)) throw unknownEvent(name);
    return bits | EVENT_BITS[name];
  }, 0);
}

function isEventName(name: unknown): name is EventName {
  return typeof name === "string" && Object.hasOwn(EVENT_BITS, name);
}

/** The error for an unknown event name: what was probably meant, and all names. */
function unknownEvent(given: unknown): CronduitError {
  const known = Object.keys(EVENT_BITS);
  const near = typeof given === "string" ? nearestEvent(given, known) : undefined;
  const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
  return new CronduitError(
    "INVALID_OPTION",
    `on: ${shown(given)} is not an event.${hint} Known events: ${known.join(", ")}.`,
    { data: { path: "name", ...(near === undefined ? {} : { suggestion: near }) } },
  );
}

/** Names from other schedulers, and from APScheduler's own vocabulary. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  failed: "JOB_ERROR",
  failure: "JOB_ERROR",
  completed: "JOB_EXECUTED",
  success: "JOB_EXECUTED",
  succeeded: "JOB_EXECUTED",
  done: "JOB_EXECUTED",
  run: "JOB_EXECUTED",
  active: "JOB_STARTED",
  waiting: "JOB_SUBMITTED",
  retry: "JOB_RETRYING",
};

function nearestEvent(given: string, known: readonly string[]): string | undefined {
  const bare = given.replace(/^EVENT_/i, "").toUpperCase();
  const word = bare.replace(/^JOB[_:.-]?/, "").toLowerCase();
  const other = Object.hasOwn(OTHER_NAMES, word) ? OTHER_NAMES[word] : undefined;
  if (other !== undefined) return other;
  return [bare, `JOB_${bare}`].map((name) => suggest(name, known)).find((name) => name);
}
