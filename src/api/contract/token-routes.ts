import { z } from "zod";
import { route } from "./route.ts";
import { loginInput, roleShape } from "./session-routes.ts";
import { instantShape, pageQuery, pageShape } from "./shapes.ts";

/** An API token; of itself nothing. */
export const tokenShape = z
  .object({
    id: z.string(),
    user: z.string(),
    name: z.string(),
    role: roleShape.describe("The most that it may do; its user's role limits it, too."),
    owners: z
      .array(z.string())
      .nullable()
      .describe("Whose jobs it may see, as far as its user may; `null`: all that its user may."),
    createdAt: instantShape,
    expiresAt: instantShape.nullable().describe("`null`: never."),
    lastUsedAt: instantShape.nullable().describe("To the minute; `null`: not yet."),
  })
  .meta({ id: "Token" });

/** What of accounts is on record. */
export const AUDIT_ACTIONS = [
  "set-up",
  "signed-in",
  "sign-in-failed",
  "signed-out",
  "sessions-ended",
  "password-changed",
  "password-reset",
  "second-factor-begun",
  "second-factor-on",
  "second-factor-removed",
  "second-factor-reset",
  "user-created",
  "user-changed",
  "user-deleted",
  "token-created",
  "token-revoked",
] as const;

/** What happened to accounts. */
export const auditEntryShape = z
  .object({
    at: instantShape,
    action: z.enum(AUDIT_ACTIONS),
    by: z.object({ kind: z.string(), id: z.string() }).nullable(),
    address: z.string().nullable(),
    user: z
      .string()
      .nullable()
      .describe(
        "Whose account; `null` for a name that nobody has, which may be a mistyped password.",
      ),
    detail: z.string().nullable(),
  })
  .meta({ id: "AuditEntry" });

/** Routes about API tokens, and about what happened to accounts. */
export const tokenRoutes = {
  listTokens: route({
    method: "GET",
    path: "/tokens",
    summary: "API tokens that work: the caller's or, for administrators, everybody's.",
    group: "people",
    access: "viewer",
    query: z.strictObject({
      ...pageQuery,
      user: loginInput.optional().describe("Only this user's."),
    }),
    answer: pageShape(tokenShape),
    errors: ["ACCOUNT_NOT_FOUND"],
  }),
  createToken: route({
    method: "POST",
    path: "/tokens",
    summary: "Make an API token for programs.",
    group: "people",
    access: "viewer",
    body: z.strictObject({
      name: z
        .string()
        .regex(/^[\w.-]{1,60}$/)
        .describe("1 to 60 letters, digits and `_ . -`; changes say `<user>/<name>`."),
      role: roleShape.default("viewer"),
      owners: z
        .array(z.string().min(1).max(64))
        .min(1)
        .max(200)
        .optional()
        .describe("Only the jobs of these; by default all that its user may see."),
      expiresInDays: z
        .int()
        .min(1)
        .max(365)
        .nullable()
        .default(90)
        .describe("`null`: never expires."),
      user: loginInput.optional().describe("Whose; for administrators. The caller's by default."),
    }),
    answerIsSecret: true,
    answer: z.object({
      token: tokenShape,
      secret: z.string().describe("To be sent as `Authorization: Bearer …`; told only here."),
    }),
    status: 201,
    errors: ["NOT_ALLOWED", "ACCOUNT_NOT_FOUND", "QUOTA_EXCEEDED"],
  }),
  revokeToken: route({
    method: "DELETE",
    path: "/tokens/{tokenId}",
    summary: "Revoke an API token at once.",
    group: "people",
    access: "viewer",
    answer: null,
    errors: ["ACCOUNT_NOT_FOUND"],
  }),
  listAudit: route({
    method: "GET",
    path: "/audit",
    summary: "What happened to accounts in the last year, the newest first.",
    group: "people",
    access: "admin",
    query: z.strictObject(pageQuery),
    answer: pageShape(auditEntryShape),
  }),
};
