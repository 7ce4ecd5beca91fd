import { z } from "zod";
import type { EpochMs } from "../core/clock.ts";
import { complain } from "../core/complaint.ts";
import { isCronduitError, TriggerError } from "../core/errors.ts";
import { readSeconds } from "../core/duration-bounds.ts";
import { parseDuration } from "../core/durations.ts";
import { shown } from "../core/shown.ts";
import { stableHash } from "./hash.ts";

/** Validates a stored {@link Jitter}. */
export const jitterSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("ms"), ms: z.int().min(0) }),
  z.strictObject({ kind: z.literal("percent"), percent: z.number().min(0).max(100) }),
]);

/** How far runs are spread: by at most `ms` milliseconds, or `percent` (0 to 100) of the gap to the next occurrence. */
export type Jitter = Readonly<z.output<typeof jitterSchema>>;

const FORMS = 'Write seconds, a duration such as "30s", or "0%" to "100%".';

/**
 * Reads a jitter: seconds as a number, a duration such as `"30s"`, or a percentage such as `"10%"`. `undefined` means
 * no jitter.
 * @throws {@link TriggerError} `INVALID_TRIGGER`, field `jitter`.
 */
export function parseJitter(input: string | number | undefined): Jitter {
  if (input === undefined) return { kind: "ms", ms: 0 };
  const fail = (): never => {
    throw new TriggerError(`jitter: ${shown(input)} can't be read. ${FORMS}`, {
      field: "jitter",
      column: 1,
      value: input,
    });
  };
  if (typeof input === "number") {
    const ms = readSeconds(input, "addJob.jitter");
    if (typeof ms === "number") return { kind: "ms", ms };
    const { message, suggestion } = ms;
    const hint = suggestion === undefined ? `. ${FORMS}` : "";
    throw new TriggerError(`jitter: ${message}${hint}`, {
      field: "jitter",
      value: input,
      suggestion,
    });
  }
  if (typeof input !== "string") return fail();
  const percent = /^\s*(\d{1,3}(?:\.\d{1,6})?)\s*%\s*$/.exec(input);
  if (percent)
    return Number(percent[1]) <= 100 ? { kind: "percent", percent: Number(percent[1]) } : fail();
  try {
    return { kind: "ms", ms: parseDuration(input) };
  } catch (error) {
    if (isCronduitError(error)) return fail();
    throw error;
  }
}

const spreadSchema = z.strictObject({
  jobId: z.string(),
  fireAt: z.number(),
  nextFireAt: z.number().optional(),
  jitter: jitterSchema.meta({ allowed: 'what parseJitter("30s") returns' }).optional(),
});

/** An occurrence before its jitter: instants in epoch ms. */
type Spread = z.output<typeof spreadSchema>;

/**
 * When an occurrence is due: its fire time plus a delay of 0 to `jitter`. The delay follows from the job id and the
 * fire time, so that previews and all workers agree, and stays below `nextFireAt`, so that occurrences keep their
 * order. Without a next occurrence, a percentage has no base and counts as 0.
 * @throws {@link TriggerError} `INVALID_TRIGGER` for anything but an occurrence.
 */
export function dueTime(occurrence: {
  jobId: string;
  fireAt: EpochMs;
  nextFireAt?: EpochMs | undefined;
  jitter?: Jitter | undefined;
}): EpochMs {
  const parsed = spreadSchema.safeParse(occurrence);
  if (parsed.success) return spread(parsed.data);
  const { place, path, what } = complain(parsed.error, spreadSchema, occurrence);
  const form = '{ jobId: "job_1", fireAt: Date.now(), jitter: parseJitter("30s") }';
  const where = place === "" ? "" : `, field "${place}"`;
  const advice = place === "" ? ` Give an occurrence such as ${form}.` : "";
  throw new TriggerError(`dueTime${where}: ${what}${advice}`, { field: path, value: occurrence });
}

/** Like {@link dueTime}, for an occurrence that is known to be one. */
export function spread({ jobId, fireAt, nextFireAt, jitter }: Spread): EpochMs {
  if (jitter === undefined) return fireAt;
  const gapMs = nextFireAt === undefined ? undefined : Math.max(1, nextFireAt - fireAt);
  const wantedMs =
    jitter.kind === "ms" ? jitter.ms : Math.floor(((gapMs ?? 0) * jitter.percent) / 100);
  const limitMs = gapMs === undefined ? wantedMs : Math.min(wantedMs, gapMs - 1);
  if (limitMs <= 0) return fireAt;
  // Two hashes give 53 bits, so that even a jitter of weeks can reach every millisecond.
  const text = `${jobId}\0${fireAt}`;
  const fraction = (stableHash(text, 1) * 2 ** 21 + (stableHash(text, 2) >>> 11)) / 2 ** 53;
  return fireAt + Math.floor(fraction * (limitMs + 1));
}
