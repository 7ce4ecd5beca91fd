import { z } from "zod";
import { route } from "./route.ts";
import { actorShape, instantShape, pageQuery, pageShape } from "./shapes.ts";

/** A body of files: 16 MiB. */
const MAX_BYTES = 16_777_216;
const MAX_FILES = 10_000;

const sourceField = z
  .string()
  .min(1)
  .max(64)
  .optional()
  .describe("The name of the source whose jobs these are; `files` if omitted.");

const fileFields = z.strictObject({
  file: z.string().min(1).max(4_096).describe("Its name, as problems tell it."),
  kind: z.enum(["toml", "json", "crontab", "system-crontab"]),
  content: z.string().max(2_097_152),
});

const setFields = {
  source: sourceField,
  files: z.array(fileFields).max(MAX_FILES).describe("All files of the source."),
  prune: z.boolean().optional().describe("Whether jobs go that no file has any more."),
} as const;

const problemShape = z
  .object({
    file: z.string(),
    line: z.int().describe("From 1."),
    column: z.int().describe("Of the first character, from 1, in UTF-16 units."),
    endColumn: z.int(),
    severity: z.enum(["error", "warning"]),
    code: z.string(),
    message: z.string(),
    hint: z.string().nullable(),
  })
  .meta({ id: "FileProblem", description: "Something wrong in a job file." });

const failedShape = z.array(z.object({ jobId: z.string(), code: z.string(), message: z.string() }));

const inWordsShape = z.object({ schedule: z.string(), timezone: z.string() }).nullable();

const jobDiffShape = z
  .object({
    kind: z.enum(["added", "changed", "removed"]),
    jobId: z.string(),
    file: z.string().nullable(),
    line: z.int().nullable(),
    before: inWordsShape.describe("When it runs as it is declared now, in words."),
    after: inWordsShape,
    runs: z
      .array(
        z.object({
          kind: z.enum(["same", "added", "removed", "moved"]),
          at: instantShape,
          to: instantShape.nullable().describe("Of one that moves within its day."),
        }),
      )
      .describe("How the next runs change, as far as both sides are known."),
    fields: z.array(z.object({ field: z.string(), stored: z.string(), declared: z.string() })),
    overrides: z
      .array(
        z.object({
          part: z.string(),
          by: actorShape,
          until: instantShape.nullable(),
        }),
      )
      .describe("What somebody overrides, and stays so."),
    silenced: z
      .object({
        runsInAWeek: z.int(),
        lastSuccessAt: instantShape.nullable(),
        waitedForBy: z.array(z.string()).describe("Jobs whose conditions name it."),
      })
      .nullable()
      .describe("Of a job that goes."),
    needsCare: z.boolean(),
  })
  .meta({ id: "JobDiff" });

const sourceShape = z
  .object({
    source: z.string(),
    accepted: z
      .object({
        digest: z.string(),
        count: z.int(),
        state: z.enum(["applying", "applied"]),
        prune: z.boolean(),
        host: z.string().describe("Where it was accepted."),
        note: z.string().nullable().describe("Who asked for it, if somebody did."),
        at: instantShape,
        appliedAt: instantShape.nullable(),
        failed: failedShape.describe("Jobs that could not be stored or removed."),
      })
      .nullable()
      .describe("The set in force."),
    rejected: z
      .object({
        at: instantShape,
        host: z.string(),
        files: z.int(),
        errors: z.int(),
        problems: z.array(problemShape).describe("The first errors."),
      })
      .nullable()
      .describe("The set that was refused, while the files are not valid."),
    readers: z
      .array(
        z.object({
          host: z.string(),
          pid: z.int(),
          digest: z.string().nullable().describe("`null`: what it reads is not valid."),
          jobs: z.int(),
          files: z.int(),
          at: instantShape,
        }),
      )
      .describe("The processes that read its files."),
    isInConflict: z.boolean().describe("Whether they read different files."),
  })
  .meta({ id: "FileSource" });

const numbers = { jobs: z.int(), added: z.int(), changed: z.int(), removed: z.int() } as const;

/** Routes about job files. */
export const fileRoutes = {
  listFileSources: route({
    method: "GET",
    path: "/files",
    summary: "The sources of job files: what is in force, what was refused, who reads them.",
    group: "files",
    access: "admin",
    answer: z.object({ items: z.array(sourceShape) }),
  }),
  exportFiles: route({
    method: "GET",
    path: "/files/export",
    summary: "Jobs as the texts of job files, by what is declared.",
    group: "files",
    access: "admin",
    query: z.strictObject({
      ...pageQuery,
      form: z.enum(["toml", "json"]).optional().describe("`toml` if omitted."),
      source: z
        .string()
        .min(1)
        .max(256)
        .optional()
        .describe("Only jobs of this one: `code`, `api`, or `file:` with a name."),
    }),
    answer: pageShape(
      z.object({
        jobId: z.string(),
        text: z.string(),
        notes: z.array(z.string()).describe("What the text can't say, such as overrides."),
        isExact: z.boolean().describe("Whether the text declares the same job."),
      }),
    ),
  }),
  diffFiles: route({
    method: "POST",
    path: "/files/diff",
    summary: "What job files would change: schedules, next runs, and what would stop running.",
    group: "files",
    access: "admin",
    maxBodyBytes: MAX_BYTES,
    body: z.strictObject({
      ...setFields,
      count: z.int().min(1).max(100).optional().describe("How many next runs; 5 if omitted."),
    }),
    answer: z.object({
      isValid: z.boolean(),
      problems: z.array(problemShape),
      ...numbers,
      needCare: z.int().describe("Changes that somebody should look at twice."),
      changes: z.array(jobDiffShape).describe("Up to 1,000 of them."),
    }),
  }),
  applyFiles: route({
    method: "POST",
    path: "/files/apply",
    summary: "Makes the jobs of a source what its files say, as a whole or not at all.",
    group: "files",
    access: "admin",
    maxBodyBytes: MAX_BYTES,
    body: z.strictObject({
      ...setFields,
      dryRun: z.boolean().optional().describe("Whether nothing is changed, and only told."),
    }),
    answer: z.object({
      kind: z.enum(["applied", "unchanged", "rejected"]),
      dryRun: z.boolean(),
      problems: z.array(problemShape),
      ...numbers,
      failed: failedShape,
    }),
    errors: ["CONFIG_CONFLICT", "INVALID_STATE", "PAYLOAD_TOO_LARGE"],
  }),
};
