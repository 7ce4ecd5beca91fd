import { z } from "zod";
import { MAX_COMMAND } from "../file-limits.ts";
import { taskWords } from "./task-words.ts";

/** Kinds of trigger as a file may name them in `schedule_type`. */
export const SCHEDULE_TYPES = [
  "cron",
  "interval",
  "date",
  "calendar_interval",
  "rrule",
  "weekly",
  "daily",
  "monthly",
  "or",
  "and",
  "manual",
] as const;

const command = z.string().min(1).max(MAX_COMMAND);
const interpreterName = z.string().min(1).max(64);

/** What a job of any file may say beside the options of `addJob`. */
const everywhere = {
  schedule: z
    .string()
    .min(1)
    .max(4_096)
    .optional()
    .describe("When: `0 9 * * 1-5`, `2026-12-25 09:00`, `every 2 hours`, `PT15M`."),
  schedule_type: z
    .enum(SCHEDULE_TYPES)
    .optional()
    .describe("The kind of the schedule; read from `schedule` if omitted."),
  interval_seconds: z
    .number()
    .positive()
    .max(1e12)
    .optional()
    .describe("The length of an interval."),
  paused: z.boolean().optional().describe("Whether the job begins paused."),
  pipeline: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("The name of a registered pipeline, in place of a command."),
  params: z.unknown().optional().describe("For the pipeline."),
  ...taskWords,
} as const;

/** What a job of a TOML file may say beside the options of `addJob`. */
export const tomlJobWords = {
  ...everywhere,
  type: interpreterName
    .optional()
    .describe("What runs the command: PYTHON, BASH, JAVASCRIPT, or a name of [interpreters]."),
  command: command.optional().describe("A text for the interpreter."),
} as const;

/** What a job file may say beside the options of `addJob`. */
export const jsonJobWords = {
  ...everywhere,
  job_id: z.string().min(1).max(128).describe("Unique in the fleet."),
  task: z
    .strictObject({
      type: z.literal("execute_command"),
      command: command.describe("A line for the shell."),
    })
    .optional()
    .describe("What the job does."),
} as const;

/** How interpreters are started. */
export const interpretersShape = z.record(
  interpreterName,
  z.union([z.string().min(1).max(4_096), z.array(z.string().min(1).max(4_096)).min(1).max(32)]),
);

/** Interpreters that every file may name. */
export const USUAL_INTERPRETERS = ["PYTHON", "BASH", "JAVASCRIPT"] as const;
