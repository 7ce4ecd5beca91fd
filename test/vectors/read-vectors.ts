import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isCronduitError } from "../../src/core/errors.ts";
import { CRON_FIELDS } from "../../src/triggers/cron/field-names.ts";
import { createTrigger } from "../../src/triggers/create.ts";
import type { TriggerOptions } from "../../src/triggers/trigger-options.ts";
import { resolveTrigger } from "../../src/triggers/resolve.ts";

const KINDS = [
  "cron-fields",
  "cron-expr",
  "interval",
  "calendar-interval",
  "date",
  "and",
  "or",
] as const;
const LENGTHS = ["weeks", "days", "hours", "minutes", "seconds"];
const instants = z.array(z.string());

const vectorSchema = z.object({
  id: z.string(),
  kind: z.enum(KINDS),
  spec: z.record(z.string(), z.unknown()),
  timezone: z.string(),
  from: z.string(),
  expected: instants.optional(),
  wallClock: instants.optional(),
  once: instants.optional(),
  exhausted: z.boolean().optional(),
});

/** One case of the format in README.md. */
export type Vector = z.output<typeof vectorSchema>;

/** All vectors of a folder, by file name, each as it stands there: {@link checksOf} says whether it has the format. */
export function readVectors(directory: string): Map<string, unknown[]> {
  const names = readdirSync(directory).filter((name) => name.endsWith(".json"));
  return new Map(
    names.map((name) => [
      name,
      z.array(z.unknown()).parse(JSON.parse(readFileSync(join(directory, name), "utf8"))),
    ]),
  );
}

/** The vectors of a folder that are cron expressions. */
export function readExpressions(directory: string): Vector[] {
  return [...readVectors(directory).values()]
    .flat()
    .map((vector) => vectorSchema.parse(vector))
    .filter(({ kind }) => kind === "cron-expr");
}

const camel = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The vector's spec in our own words. */
function optionsOf(
  kind: Vector["kind"],
  spec: Vector["spec"],
  dst: "once" | "wall-clock" | undefined,
): TriggerOptions {
  const fields = Object.fromEntries(
    Object.entries(spec).map(([name, value]) => [camel(name), value]),
  );
  // In the format an end without a time is its midnight, as APScheduler has it; a calendar interval ends with the day.
  const end = fields["endDate"];
  if (kind !== "calendar-interval" && typeof end === "string" && end.length === 10)
    fields["endDate"] = `${end} 00:00`;
  const rule = dst === undefined ? {} : { dst };
  // A default of one second in the format must be explicit here.
  const has = (names: readonly string[]): boolean => names.some((name) => name in fields);
  switch (kind) {
    case "cron-fields":
      return {
        trigger: "cron",
        ...(has(CRON_FIELDS) ? {} : { second: "*" }),
        ...fields,
        ...rule,
      };
    case "cron-expr":
      return { trigger: "cron", expression: String(spec["expr"]), ...rule };
    case "interval":
      return { trigger: "interval", ...(has(LENGTHS) ? {} : { seconds: 1 }), ...fields };
    case "calendar-interval":
      return { trigger: "calendarInterval", ...fields };
    case "date":
      return { trigger: "date", ...fields };
    case "and":
    case "or": {
      const members = z
        .array(z.object({ kind: z.enum(KINDS), spec: z.record(z.string(), z.unknown()) }))
        .parse(spec["triggers"]);
      const triggers = members.map((member) => optionsOf(member.kind, member.spec, dst) as never);
      return { trigger: kind, triggers };
    }
  }
}

function fireTimes(
  vector: Vector,
  dst: "once" | "wall-clock" | undefined,
  limit: number,
): number[] {
  const from = Date.parse(vector.from);
  const context = { now: from, timezone: vector.timezone, jobId: vector.id };
  try {
    const trigger = createTrigger(
      resolveTrigger(optionsOf(vector.kind, vector.spec, dst), context),
    );
    if (vector.kind === "date") return trigger.between(-1, 8e15, limit);
    const found = trigger.between(vector.kind === "cron-expr" ? from : from - 1, 8e15, limit);
    // Backwards from after the last it must find the same, and the count must agree.
    const last = found.at(-1);
    if (last === undefined) return found;
    const back: number[] = [];
    for (
      let at = trigger.prev(last + 1);
      at !== undefined && back.length < found.length;
      at = trigger.prev(at)
    )
      back.unshift(at);
    const count = trigger.count((found[0] ?? 0) - 1, last);
    if (back.join() !== found.join()) throw new Error(`prev: ${print(back)}`);
    if (count !== found.length) throw new Error(`count: ${count}`);
    return found;
  } catch (error) {
    // A trigger that can never fire is refused when it is added; a vector says so by expecting nothing.
    if (isCronduitError(error, "INVALID_TRIGGER") && error.data["reason"] === "never-fires")
      return [];
    throw error;
  }
}

const print = (times: number[]): string =>
  times.map((time) => new Date(time).toISOString()).join(" ");

/** One thing that a vector expects. */
export interface VectorCheck {
  readonly id: string;
  /** Throws with both sequences if they differ. */
  readonly verify: () => void;
}

/**
 * What a vector expects. Fields rest on an enumeration of wall-clock times, so they are read with `dst: "wall-clock"`; expressions
 * also on cron(8), so they must hold under both rules.
 */
export function checksOf(written: unknown): VectorCheck[] {
  const parsed = vectorSchema.safeParse(written);
  if (!parsed.success) {
    const id = z.object({ id: z.string() }).safeParse(written).data?.id ?? "a vector without an id";
    const verify = (): never => {
      throw new Error(`not in the format: ${z.prettifyError(parsed.error)}`);
    };
    return [{ id, verify }];
  }
  const vector = parsed.data;
  const check = (
    name: string,
    expected: readonly string[],
    dst?: "once" | "wall-clock",
  ): VectorCheck => ({
    id: `${vector.id}${name}`,
    verify: () => {
      const wanted = expected.map((text) => Date.parse(text));
      const found = fireTimes(vector, dst, wanted.length + (vector.exhausted === true ? 1 : 0));
      if (found.join() !== wanted.join())
        throw new Error(`expected ${print(wanted)}, found ${print(found)}`);
    },
  });
  const checks: VectorCheck[] = [];
  if (vector.expected !== undefined) {
    const isExpression = vector.kind === "cron-expr";
    const followsZone =
      isExpression ||
      vector.kind === "cron-fields" ||
      vector.kind === "or" ||
      vector.kind === "and";
    checks.push(check("", vector.expected, followsZone ? "wall-clock" : undefined));
    if (isExpression) checks.push(check(" (once)", vector.expected, "once"));
  }
  if (vector.wallClock !== undefined)
    checks.push(check(" (wallClock)", vector.wallClock, "wall-clock"));
  if (vector.once !== undefined) checks.push(check(" (once)", vector.once, "once"));
  if (checks.length === 0) checks.push(check(" (expects nothing)", ["nothing"]));
  return checks;
}
