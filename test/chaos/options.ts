import { parseArgs } from "node:util";
import { z } from "zod";
import { DEFECTS } from "./program/defects.ts";
import { ENGINES } from "./run/chaos-server.ts";

const optionsSchema = z
  .strictObject({
    /** Duration of edits and faults, without start and settling. */
    seconds: z.coerce.number().int().min(20).max(86_400).optional(),
    minutes: z.coerce.number().min(0.5).max(1_440).optional(),
    seed: z.coerce.number().int().min(0).max(4_294_967_295).optional(),
    engine: z.enum(ENGINES).default("redis"),
    workers: z.coerce.number().int().min(2).max(64).default(3),
    /** Number of ordinary jobs, besides a few special ones and the dates. */
    jobs: z.coerce.number().int().min(4).max(10_000).default(16),
    /** `bare`: repeat the run on bare BullMQ Job Schedulers, in a column beside ours. */
    system: z.enum(["cronduit", "bare"]).default("cronduit"),
    defect: z.enum(DEFECTS).optional(),
    /** File for the history as JSON, for later inspection. */
    history: z.string().optional(),
  })
  .refine(({ engine, system }) => engine === "redis" || system === "cronduit", {
    error: "bare BullMQ is compared on redis only",
    path: ["system"],
  });

/** The parsed command line. */
export type ChaosOptions = Omit<z.output<typeof optionsSchema>, "seconds" | "minutes" | "seed"> & {
  readonly forMs: number;
  readonly seed: number;
};

const DEFAULT_MS = 60_000;

/** Reads the command line. @throws if it can't be understood. */
export function readOptions(args: readonly string[]): ChaosOptions {
  const names = Object.keys(optionsSchema.shape);
  const { values } = parseArgs({
    args: [...args],
    options: Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
  });
  const { seconds, minutes, seed, ...rest } = optionsSchema.parse(values);
  const forMs =
    seconds !== undefined ? seconds * 1_000 : minutes === undefined ? DEFAULT_MS : minutes * 60_000;
  return { ...rest, forMs, seed: seed ?? Math.floor(Math.random() * 1_000_000) };
}
