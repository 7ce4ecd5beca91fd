import { z } from "zod";
import type { RunContext } from "../../pipeline/run-context.ts";
import { namedValues } from "../named-values.ts";
import type { ParamsSchema } from "../../pipeline/params-schema.ts";

/** Where programs are looked for if nobody says: as a login shell has it. */
const USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Variables by which a program loads other code, or reads a file before it begins. Who sets them decides what every program
 * does, so no pattern includes them.
 */
const LOADING =
  /^(?:LD_.*|DYLD_.*|NODE_OPTIONS|NODE_PATH|NODE_REPL_EXTERNAL_MODULE|BASH_ENV|ENV|SHELLOPTS|BASHOPTS|PS4|PROMPT_COMMAND|BASH_FUNC_.*|IFS|CDPATH|GLOBIGNORE|PYTHON(?:PATH|STARTUP|HOME|INSPECT|BREAKPOINT|WARNINGS|USERBASE)|PERL5?(?:LIB|OPT|DB)|RUBY(?:OPT|LIB)|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|CLASSPATH|GCONV_PATH|LOCPATH|NLSPATH|HOSTALIASES|GIT_(?:SSH|SSH_COMMAND|EXEC_PATH|CONFIG.*)|PAGER|EDITOR|VISUAL)$/;

const NAME = /^[A-Za-z_]\w{0,199}$/;
/** Ours, by which a process learns which run it is. */
const RESERVED = /^CRONDUIT_/i;

/** Variables that a task sets. */
export function variablesSchema<V extends z.ZodType>(value: V) {
  return namedValues(value, (name) => {
    if (!NAME.test(name)) return "is no name of a variable: letters, digits and _, no digit first";
    return RESERVED.test(name)
      ? "begins with CRONDUIT_, as only the run's own variables do"
      : undefined;
  });
}

/** A name to inherit, or all that begin with a text. */
export const inheritedNameSchema = z
  .string()
  .regex(/^(?:[A-Za-z_]\w{0,199}\*?|\*)$/)
  .meta({ allowed: 'a name such as "HTTP_PROXY", or "LC_*"' });

/** An environment such as `process.env`; a copy of what has a value in it. */
export const environmentSchema = z
  .custom<Readonly<Record<string, string | undefined>>>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  )
  .transform((given) => {
    const isSet = (entry: [string, unknown]): entry is [string, string] =>
      typeof entry[1] === "string";
    return Object.fromEntries(Object.entries(given).filter(isSet));
  })
  .meta({ allowed: "an object of texts, such as process.env" });

/** What of an environment a process inherits. */
export function inherited(
  environment: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> {
  const exact = new Set(names);
  const starts = names.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
  const passes = (name: string): boolean =>
    exact.has(name) ||
    (!LOADING.test(name) && !RESERVED.test(name) && starts.some((start) => name.startsWith(start)));
  return {
    PATH: USUAL_PATH,
    ...Object.fromEntries(Object.entries(environment).filter(([name]) => passes(name))),
  };
}

/** By which a process learns what it runs for. */
export function runVariables(context: RunContext<ParamsSchema>): Record<string, string> {
  const { start, end } = context.interval;
  return {
    CRONDUIT_JOB_ID: context.jobId,
    CRONDUIT_RUN_ID: context.runId,
    CRONDUIT_FIRE_TIME: context.fireTime.toISOString(),
    CRONDUIT_SCHEDULED_AT: context.scheduledAt.toISOString(),
    CRONDUIT_INTERVAL_START: start.toISOString(),
    CRONDUIT_INTERVAL_END: end.toISOString(),
    CRONDUIT_ATTEMPT: String(context.attempt),
    CRONDUIT_TRIGGER: context.trigger,
  };
}
