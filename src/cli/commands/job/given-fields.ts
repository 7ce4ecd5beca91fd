import { CliError } from "../../cli-error.ts";
import type { Flags } from "../../settings.ts";
import { fieldsIn, jsonIn } from "../json-value.ts";

/** What flags of `job create` and `job edit` say, in the words of the API. */
export interface GivenFields {
  /** What says when. */
  readonly timing: Readonly<Record<string, unknown>>;
  /** Everything, the timing included. */
  readonly all: Readonly<Record<string, unknown>>;
}

const TIMING: ReadonlySet<string> = new Set(
  "schedule scheduleType timezone startDate endDate jitter calendars dst trigger".split(" "),
);

/**
 * Reads these flags. `none` takes a condition, an owner or a timeout away.
 * @throws {@link CliError} `USAGE`
 */
export function givenFields(flags: Flags): GivenFields {
  const { schedule, timezone, description, owner, tag, condition, timeout, retry, manual } = flags;
  const all = Object.fromEntries(
    Object.entries({
      schedule,
      scheduleType: manual ? "manual" : undefined,
      timezone,
      description,
      owner: orNull(owner),
      tags: tag,
      condition: orNull(condition),
      timeout: orNull(timeout),
      retry: retry === undefined ? undefined : countOf(retry),
      params:
        flags["params"] === undefined ? undefined : jsonIn(String(flags["params"]), "--params"),
      ...fieldsIn(flags["set"]),
    }).filter(([, value]) => value !== undefined),
  );
  const timing = Object.fromEntries(Object.entries(all).filter(([name]) => TIMING.has(name)));
  return { all, timing };
}

function orNull(value: unknown): unknown {
  return value === "none" ? null : value;
}

function countOf(value: unknown): number {
  if (typeof value === "string" && /^\d{1,4}$/.test(value)) return Number(value);
  throw new CliError("USAGE", `--retry: must be how often it is tried; got "${String(value)}".`);
}
