import { z } from "zod";
import { route } from "./route.ts";
import { loginInput, newPasswordInput, passwordInput, roleShape } from "./session-routes.ts";
import { instantShape, pageQuery, pageShape } from "./shapes.ts";

const limit = z.int().min(0).max(1_000_000_000).nullable().optional();

/** Where a user's limits differ from those of the server. */
const quotasShape = z
  .strictObject({
    jobs: limit,
    shortestIntervalMs: z
      .int()
      .min(0)
      .max(31_622_400_000)
      .nullable()
      .optional()
      .describe("Milliseconds that must be between two times of a job."),
    backfill: limit.describe("Occurrences of one backfill."),
    logBytes: limit.describe("Bytes of a run's log that a job may ask to keep."),
    streams: limit.describe("Event streams and followed logs open at once."),
    requestsPerMinute: limit,
  })
  .meta({ id: "Quotas", description: "What differs from the server's; `null`: no limit." });

const teamsInput = z.array(z.string().min(1).max(64)).max(200);

/** A user. */
export const userShape = z
  .object({
    id: z.string(),
    role: roleShape,
    teams: z.array(z.string()).describe("Other owners whose jobs are the user's, too."),
    isDisabled: z.boolean(),
    createdAt: instantShape,
    quotas: quotasShape,
  })
  .meta({ id: "User" });

const oneTimePassword = z
  .string()
  .describe("Good for one day and for choosing another; told only here.");

/** Routes about users. */
export const userRoutes = {
  listUsers: route({
    method: "GET",
    path: "/users",
    summary: "Users, in the order of their names.",
    group: "people",
    access: "admin",
    query: z.strictObject(pageQuery),
    answer: pageShape(userShape),
  }),
  createUser: route({
    method: "POST",
    path: "/users",
    summary: "Make a user, with a password for one day.",
    group: "people",
    access: "admin",
    body: z.strictObject({
      id: loginInput,
      role: roleShape.default("viewer"),
      teams: teamsInput.default([]),
      quotas: quotasShape.default({}),
    }),
    answerIsSecret: true,
    answer: z.object({ user: userShape, oneTimePassword }),
    status: 201,
    errors: ["USER_EXISTS"],
  }),
  getUser: route({
    method: "GET",
    path: "/users/{userId}",
    summary: "A user: oneself, or for administrators anybody.",
    group: "people",
    access: "viewer",
    answer: userShape,
    errors: ["ACCOUNT_NOT_FOUND"],
  }),
  changeUser: route({
    method: "PATCH",
    path: "/users/{userId}",
    summary: "Change what a user may do; it holds from the next request on.",
    group: "people",
    access: "admin",
    body: z.strictObject({
      role: roleShape.optional(),
      teams: teamsInput.optional(),
      isDisabled: z
        .boolean()
        .optional()
        .describe("Disabled: can't sign in, and its tokens do not work."),
      quotas: quotasShape.optional().describe("Replaces all that there were."),
    }),
    answer: userShape,
    errors: ["ACCOUNT_NOT_FOUND", "LAST_ADMINISTRATOR"],
  }),
  deleteUser: route({
    method: "DELETE",
    path: "/users/{userId}",
    summary: "Delete a user with its tokens and sessions; its jobs stay.",
    group: "people",
    access: "admin",
    answer: null,
    errors: ["ACCOUNT_NOT_FOUND", "LAST_ADMINISTRATOR"],
  }),
  changePassword: route({
    method: "POST",
    path: "/users/{userId}/password",
    summary: "Change one's own password, which ends all one's sessions.",
    group: "people",
    access: "viewer",
    body: z.strictObject({ oldPassword: passwordInput, newPassword: newPasswordInput }),
    answer: null,
    errors: ["ACCOUNT_NOT_FOUND", "TOO_MANY_ATTEMPTS", "WEAK_PASSWORD", "NOT_ALLOWED"],
  }),
  resetPassword: route({
    method: "POST",
    path: "/users/{userId}/password/reset",
    summary: "End a user's sessions and password, and give another one for one day.",
    group: "people",
    access: "admin",
    answerIsSecret: true,
    answer: z.object({ oneTimePassword }),
    errors: ["ACCOUNT_NOT_FOUND"],
  }),
  endSessionsOfUser: route({
    method: "POST",
    path: "/users/{userId}/sessions/end",
    summary: "End all sessions of a user.",
    group: "people",
    access: "admin",
    answer: null,
    errors: ["ACCOUNT_NOT_FOUND"],
  }),
};
