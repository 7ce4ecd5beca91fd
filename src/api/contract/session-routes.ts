import { z } from "zod";
import { route } from "./route.ts";
import { instantShape, pageShape } from "./shapes.ts";

/** What a user may do. */
export const roleShape = z
  .enum(["viewer", "editor", "admin"])
  .describe("`viewer` reads, `editor` changes what is its owners', `admin` everything.");

/** A login name, as it may be written. */
export const loginInput = z
  .string()
  .min(1)
  .max(64)
  .describe("Upper and lower case are the same: it is kept in lower case.");

/** A password, as it was typed. */
export const passwordInput = z.string().min(1).max(1_000).meta({ secret: true });

/** A login name, as it was typed. */
export const userInput = z.string().min(1).max(256);

/** A code of an authenticator app, or a recovery code. */
export const codeInput = z.string().min(6).max(64).meta({ secret: true });

/** A password to be. */
export const newPasswordInput = passwordInput.describe(
  "8 to 128 characters of any kind; none of the most common passwords.",
);

const whoFields = {
  actor: z.object({ kind: z.string(), id: z.string() }).describe("What changes say who made them."),
  user: z.string().nullable().describe("The login name; `null` for a program on this machine."),
  role: roleShape,
  owners: z
    .array(z.string())
    .describe("Whose jobs are also the caller's; an administrator's are all."),
  visibility: z.enum(["own", "all"]).describe("Whether the jobs of others may be read."),
  via: z.enum(["local", "session", "token", "jwt", "issuer"]),
  csrf: z
    .string()
    .nullable()
    .describe("To be sent as `x-cronduit-csrf` with every change by cookie; `null` otherwise."),
  session: z
    .object({
      id: z.string(),
      expiresAt: instantShape.describe("When it ends without another request."),
      endsAt: instantShape.describe("When it ends in any case."),
    })
    .nullable(),
};

/** Who calls. */
export const whoShape = z
  .object(whoFields)
  .meta({ id: "Who", description: "Who calls, and what it may do." });

/** A session in a list. */
export const sessionShape = z
  .object({
    id: z.string(),
    user: z.string(),
    kind: z.enum(["cookie", "jwt"]),
    createdAt: instantShape,
    lastUsedAt: instantShape.describe("To the minute."),
    expiresAt: instantShape,
    address: z.string().nullable(),
    agent: z.string().nullable().describe("The `User-Agent` that signed in."),
    isCurrent: z.boolean(),
  })
  .meta({ id: "Session" });

/** Routes about signing in and out. */
export const sessionRoutes = {
  signIn: route({
    method: "POST",
    path: "/session",
    summary: "Sign in with a name and a password.",
    group: "people",
    access: "anyone",
    body: z.strictObject({
      user: userInput,
      password: passwordInput,
      code: codeInput
        .optional()
        .describe("Of the authenticator app, or a recovery code; for who has a second factor."),
      newPassword: newPasswordInput
        .optional()
        .describe("Becomes the password at once; necessary after a reset."),
      as: z
        .enum(["cookie", "jwt"])
        .default("cookie")
        .describe("`cookie`: for a browser; `jwt`: for a program, a bearer token of 15 minutes."),
    }),
    answerIsSecret: true,
    answer: whoShape.extend({
      token: z.string().nullable().describe("The JWT; `null` with a cookie."),
    }),
    status: 201,
    errors: [
      "NOT_AUTHENTICATED",
      "TOO_MANY_ATTEMPTS",
      "SECOND_FACTOR_REQUIRED",
      "PASSWORD_CHANGE_REQUIRED",
      "WEAK_PASSWORD",
      "INVALID_STATE",
    ],
  }),
  signInByLink: route({
    method: "POST",
    path: "/session/link",
    summary:
      "Sign a browser in with the token that the server printed on this machine; it is good once.",
    group: "people",
    access: "anyone",
    body: z.strictObject({ token: z.string().min(1).max(200).meta({ secret: true }) }),
    answerIsSecret: true,
    answer: whoShape,
    status: 201,
    errors: ["NOT_AUTHENTICATED", "TOO_MANY_ATTEMPTS", "INVALID_STATE"],
  }),
  whoAmI: route({
    method: "GET",
    path: "/session",
    summary: "Who calls, and what it may do.",
    group: "people",
    access: "viewer",
    answer: whoShape,
  }),
  signOut: route({
    method: "POST",
    path: "/session/end",
    summary: "Sign out: end this session, or all of the caller.",
    group: "people",
    access: "viewer",
    body: z.strictObject({
      which: z.enum(["this", "all"]).default("this"),
      password: passwordInput.optional().describe("One's own, again; necessary for `all`."),
    }),
    answer: null,
    errors: ["INVALID_STATE", "NOT_AUTHENTICATED", "TOO_MANY_ATTEMPTS"],
  }),
  listSessions: route({
    method: "GET",
    path: "/sessions",
    summary: "Sessions of a user that have not ended, without pages.",
    group: "people",
    access: "viewer",
    query: z.strictObject({
      user: loginInput.optional().describe("Whose; for administrators. The caller's by default."),
    }),
    answer: pageShape(sessionShape),
    errors: ["ACCOUNT_NOT_FOUND"],
  }),
  endSession: route({
    method: "DELETE",
    path: "/sessions/{sessionId}",
    summary: "End a session of the caller, or for administrators anybody's.",
    group: "people",
    access: "viewer",
    body: z
      .strictObject({
        password: passwordInput
          .optional()
          .describe("One's own, again; necessary for another session of oneself."),
      })
      .optional(),
    answer: null,
    errors: ["ACCOUNT_NOT_FOUND", "NOT_AUTHENTICATED", "TOO_MANY_ATTEMPTS"],
  }),
  endAllSessions: route({
    method: "POST",
    path: "/sessions/end-all",
    summary: "End everybody's sessions, the caller's too.",
    group: "people",
    access: "admin",
    answer: z.object({ users: z.int().describe("How many users there are.") }),
  }),
  setUp: route({
    method: "POST",
    path: "/setup",
    summary: "Make the first administrator, with the token that was printed on this machine.",
    group: "people",
    access: "anyone",
    body: z.strictObject({
      token: z.string().min(1).max(200).meta({ secret: true }),
      user: loginInput,
      password: newPasswordInput,
    }),
    answer: z.object({ user: z.string() }),
    status: 201,
    errors: ["NOT_AUTHENTICATED", "TOO_MANY_ATTEMPTS", "WEAK_PASSWORD", "USER_EXISTS"],
  }),
};
