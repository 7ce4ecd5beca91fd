import { shownUpTo, withoutPasswords } from "../core/shown.ts";
import { CronduitError } from "../core/errors.ts";
import { suggest } from "../core/suggest.ts";
import { JOB_OPTION_NAMES } from "../jobs/options.ts";
import { triggerOptionShapes } from "../triggers/trigger-options.ts";
import { otherName } from "./other-names.ts";

/** Names that are never options. */
const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

/** Every option of a job or of any kind of trigger. */
const OPTION_NAMES: ReadonlySet<string> = new Set([
  ...JOB_OPTION_NAMES,
  "trigger",
  ...Object.values(triggerOptionShapes).flatMap((shape) => Object.keys(shape)),
]);

/** Options for which `undefined` means absent. */
const MAY_BE_UNDEFINED: ReadonlySet<string> = new Set([
  "trigger",
  ...Object.keys(triggerOptionShapes.common),
]);

function unknownOption(key: string, where: string): CronduitError {
  // APScheduler writes names with underscores.
  const camelCase = key
    .slice(0, 64)
    .replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const other = otherName(camelCase);
  const near = OPTION_NAMES.has(camelCase) ? camelCase : suggest(camelCase, [...OPTION_NAMES]);
  const meant = other?.meant ?? near;
  const how = other?.how === undefined ? "" : ` (${other.how})`;
  const hint = meant === undefined ? "" : ` Did you mean "${meant}"?${how}`;
  return new CronduitError(
    "INVALID_OPTION",
    `${where}: unknown option ${shownUpTo(64, key)}.${hint}`,
    {
      data: {
        path: withoutPasswords(key).slice(0, 64),
        ...(meant === undefined ? {} : { suggestion: meant }),
      },
    },
  );
}

/** Options, divided into the job's and the trigger's. */
export interface SplitOptions {
  readonly job: Record<string, unknown>;
  readonly trigger: Record<string, unknown>;
  readonly params: unknown;
}

/**
 * Separates a job's options from its trigger's.
 * @throws {@link CronduitError} `INVALID_OPTION` if it isn't a plain object.
 */
export function splitOptions(options: unknown, where: string): SplitOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new CronduitError(
      "INVALID_OPTION",
      `${where}: the options must be an object, such as { trigger: "interval", minutes: 5 }; a schedule in words is { trigger: parseSchedule("every 5 minutes") }.`,
      { data: { path: "" } },
    );
  }
  const job: Record<string, unknown> = {};
  const trigger: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    if (FORBIDDEN_KEYS.has(key)) {
      throw new CronduitError("INVALID_OPTION", `${where}: unknown option ${shownUpTo(64, key)}.`, {
        data: { path: key },
      });
    }
    if (key === "params") continue;
    if (!OPTION_NAMES.has(key)) throw unknownOption(key, where);
    const isOfTrigger = !JOB_OPTION_NAMES.has(key);
    // A field of the schedule stays even if it is `undefined`, so that it is refused instead of taken for a default.
    if (value !== undefined || (isOfTrigger && !MAY_BE_UNDEFINED.has(key)))
      (isOfTrigger ? trigger : job)[key] = value;
  }
  return { job, trigger, params: (options as { params?: unknown }).params };
}
