import { z } from "zod";
import {
  accountShape,
  changeShape,
  figuresShape,
  jobsCountedShape,
  queueShape,
  workerShape,
} from "./fleet-shapes.ts";
import { instantShape, pageQuery, pageShape, repeatable, timeQuery } from "./shapes.ts";
import { route } from "./route.ts";

const jobIdQuery = z.string().min(1).max(255);
const pausedShape = z.object({ isPaused: z.boolean() });

/** Routes about the whole fleet. */
export const fleetRoutes = {
  getStats: route({
    method: "GET",
    path: "/stats",
    summary: "What became of occurrences in a time, counted, by hour or day.",
    group: "fleet",
    access: "viewer",
    query: z.strictObject({
      jobId: repeatable(jobIdQuery).optional(),
      owner: repeatable(z.string().min(1).max(256)).optional(),
      from: timeQuery.optional().describe("In UTC unless it has an offset."),
      to: timeQuery.optional(),
      by: z
        .enum(["hour", "day", "total"])
        .optional()
        .describe("Hours are of the whole fleet only."),
    }),
    answer: z.object({
      from: instantShape,
      to: instantShape,
      periods: z.array(figuresShape.extend({ from: instantShape })),
      total: figuresShape,
      jobs: jobsCountedShape,
    }),
  }),
  getAccount: route({
    method: "GET",
    path: "/account",
    summary:
      "What was due in a range, recomputed with the schedules of that time, beside what is on record; a part at a time.",
    group: "fleet",
    access: "viewer",
    query: z.strictObject({
      jobId: jobIdQuery.optional(),
      from: timeQuery.describe("Without an offset in the scheduler's zone."),
      to: timeQuery.optional(),
      cursor: z.string().min(1).max(2_000).optional(),
    }),
    answer: accountShape,
    errors: ["JOB_NOT_FOUND"],
  }),
  listWorkers: route({
    method: "GET",
    path: "/workers",
    summary: "The live workers.",
    group: "fleet",
    access: "viewer",
    answer: pageShape(workerShape),
  }),
  listQueues: route({
    method: "GET",
    path: "/queues",
    summary: "The queues, with their jobs, unfinished runs and workers.",
    group: "fleet",
    access: "viewer",
    answer: pageShape(queueShape).extend({
      isAll: z
        .boolean()
        .describe(
          "Whether all unfinished runs were counted: those of the first 1,000 jobs with any.",
        ),
    }),
  }),
  pauseFleet: route({
    method: "POST",
    path: "/pause",
    summary: "Stops the whole fleet from starting runs; those in progress continue.",
    group: "fleet",
    access: "admin",
    answer: pausedShape,
  }),
  resumeFleet: route({
    method: "POST",
    path: "/resume",
    summary: "Resumes the fleet.",
    group: "fleet",
    access: "admin",
    answer: pausedShape,
  }),
  listChanges: route({
    method: "GET",
    path: "/changes",
    summary: "What was changed, by whom, newest first.",
    group: "fleet",
    access: "viewer",
    query: z.strictObject({
      ...pageQuery,
      cursor: z.string().min(1).max(20_000).optional(),
      jobId: jobIdQuery.optional(),
      actor: z.string().min(1).max(128).optional().describe("The id of who made it."),
      what: repeatable(z.string().min(1).max(40)).optional(),
      from: timeQuery.optional().describe("Without an offset in the scheduler's zone."),
      to: timeQuery.optional(),
    }),
    answer: pageShape(changeShape).extend({
      isCut: z.boolean().describe("Whether older changes of the job are not kept any more."),
    }),
  }),
};
