import { z } from "zod";
import { pageShape } from "./shapes.ts";
import { route } from "./route.ts";

/** What is looked at. */
export const CHECKS = [
  "server",
  "settings",
  "clocks",
  "schedules",
  "overdue",
  "queues",
  "pipelines",
  "zones",
  "account",
] as const;

/** How one thing is. */
export const checkShape = z
  .object({
    check: z.enum(CHECKS),
    level: z
      .enum(["good", "info", "warning", "problem"])
      .describe("`info`: it may be meant so. `problem`: jobs do not run, or runs are lost."),
    text: z.string().describe("How it is, and what to do about it."),
    canFix: z.boolean().describe("Whether `POST /checks/fix` mends it."),
  })
  .meta({ id: "Check" });

/** How one thing is, as JSON. */
export type CheckAnswer = z.output<typeof checkShape>;

/** Routes about whether all is as it should be. */
export const checkRoutes = {
  getChecks: route({
    method: "GET",
    path: "/checks",
    summary: "Whether server, clocks, schedules, queues and workers are as they should be.",
    group: "fleet",
    access: "admin",
    answer: pageShape(checkShape),
  }),
  fixChecks: route({
    method: "POST",
    path: "/checks/fix",
    summary: "Mend what can be mended safely: put back occurrences and runs that wait for nothing.",
    group: "fleet",
    access: "admin",
    answer: pageShape(checkShape).extend({
      fixed: z.int().describe("How many were put back."),
    }),
  }),
};
