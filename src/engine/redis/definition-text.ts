import type { JobDefinition } from "../../jobs/definition.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * What most definitions have. The text, which is most of a job's memory on the server, leaves it out, and reading puts it back.
 * So a value here must never change while jobs are stored, whatever the defaults of options become. Only fields that every
 * definition has may be listed.
 */
const USUAL = {
  tags: [],
  params: null,
  timezone: "UTC",
  jitter: null,
  firstRunAt: null,
  policy: {
    maxInstances: 1,
    coalesce: true,
    misfireGraceMs: null,
    maxCatchUp: 1_000,
    when: null,
    overlap: "skip",
    group: null,
    retry: null,
    pauseAfterFailures: null,
    timeoutMs: null,
    isolate: "none",
  },
  retention: { count: 1_000, ageMs: 2_592_000_000 },
  logs: { maxBytes: 262_144, runs: 100, ageMs: 604_800_000 },
  secrets: [],
} as const satisfies Partial<JobDefinition>;

/** The same for the trigger of a cron job. */
const USUAL_CRON = {
  timezone: "UTC",
  fields: {
    year: "*",
    month: "*",
    day: "*",
    week: "*",
    dayOfWeek: "*",
    hour: "*",
    minute: "*",
    second: "0",
  },
  dayMatch: "all",
  dst: "once",
} as const;

/** What is stored beside a job's text, and not in it. */
export type KnownOfDefinition = Pick<JobDefinition, "id" | "declared">;

/** A definition as Redis stores it. */
export function definitionText(definition: JobDefinition): string {
  const { pipeline, description, queue, owner, source, tags, trigger } = definition;
  const written = trigger.kind === "cron" ? without(trigger, USUAL_CRON) : trigger;
  const known: Record<keyof KnownOfDefinition, undefined> = { id: undefined, declared: undefined };
  // What lists filter by comes first, up to the trigger, in this order: see `listing.lua`.
  const head = { pipeline, description, queue, owner, source, tags, trigger: written };
  return JSON.stringify(without({ ...head, ...definition, ...known, trigger: written }, USUAL));
}

/** Reads what {@link definitionText} wrote, and texts that leave nothing out. */
export function parseDefinition(text: string, known: KnownOfDefinition): JobDefinition {
  // Written by this package and validated then; parsing by schema again would cost more than all else here.
  const written = JSON.parse(text) as Record<string, unknown>;
  const { trigger } = written;
  if (isObject(trigger) && trigger["kind"] === "cron") addUsual(trigger, USUAL_CRON);
  return Object.assign(addUsual(written, USUAL), known) as unknown as JobDefinition;
}

/** The fields of a value that differ from the usual ones, recursively. */
function without(value: Fields, usual: Fields): Fields {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const field = value[name];
    const norm = usual[name];
    if (isObject(norm) && isObject(field)) {
      const rest = without(field, norm);
      if (Object.keys(rest).length > 0) kept[name] = rest;
    } else if (!Object.hasOwn(usual, name) || !isEqual(field, norm)) {
      kept[name] = field;
    }
  }
  return kept;
}

/** Puts back what was left out. Into the value itself, which was just parsed: a list has hundreds, and copies are what costs. */
function addUsual(value: Record<string, unknown>, usual: Fields): Fields {
  for (const name in usual) {
    const norm = usual[name];
    if (!Object.hasOwn(value, name)) value[name] = norm;
    else if (isObject(norm)) {
      const field = value[name];
      if (isObject(field)) addUsual(field, norm);
    }
  }
  return value;
}

/** A usual value is a text, a number, `true`, `null`, or an empty list. */
function isEqual(field: unknown, norm: unknown): boolean {
  return field === norm || (Array.isArray(norm) && Array.isArray(field) && field.length === 0);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
