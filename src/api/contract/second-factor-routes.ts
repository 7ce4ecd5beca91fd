import { z } from "zod";
import { route } from "./route.ts";
import { codeInput, passwordInput, userInput } from "./session-routes.ts";

const WRONG = ["NOT_AUTHENTICATED", "TOO_MANY_ATTEMPTS", "INVALID_STATE"] as const;

/** Routes about second factors. Who has to have one can't sign in before: these take the name and the password themselves. */
export const secondFactorRoutes = {
  beginSecondFactor: route({
    method: "POST",
    path: "/second-factor",
    summary: "Make a secret for an authenticator app, to be confirmed by a code in ten minutes.",
    group: "people",
    access: "anyone",
    body: z.strictObject({ user: userInput, password: passwordInput }),
    answerIsSecret: true,
    answer: z.object({
      secret: z.string().describe("In Base32; told only here."),
      uri: z.string().describe("The same as `otpauth://totp/…`, for a QR code."),
    }),
    status: 201,
    errors: [...WRONG, "PASSWORD_CHANGE_REQUIRED"],
  }),
  confirmSecondFactor: route({
    method: "POST",
    path: "/second-factor/confirm",
    summary: "Turn the second factor on by a code of the app, which ends all sessions.",
    group: "people",
    access: "anyone",
    body: z.strictObject({ user: userInput, password: passwordInput, code: codeInput }),
    answerIsSecret: true,
    answer: z.object({
      recoveryCodes: z.array(z.string()).describe("Each is good once; told only here."),
    }),
    errors: WRONG,
  }),
  removeSecondFactor: route({
    method: "POST",
    path: "/second-factor/remove",
    summary: "Remove one's second factor, by a code, which ends all sessions.",
    group: "people",
    access: "anyone",
    body: z.strictObject({ user: userInput, password: passwordInput, code: codeInput }),
    answer: null,
    errors: WRONG,
  }),
  getSecondFactor: route({
    method: "GET",
    path: "/users/{userId}/second-factor",
    summary: "Whether a user has a second factor: oneself, or for administrators anybody.",
    group: "people",
    access: "viewer",
    answer: z.object({
      state: z.enum(["off", "pending", "on"]).describe("`pending`: not confirmed yet."),
      recoveryCodesLeft: z.int(),
      isRequired: z.boolean().describe("Whether the user can't sign in without one."),
    }),
    errors: ["ACCOUNT_NOT_FOUND"],
  }),
  resetSecondFactor: route({
    method: "POST",
    path: "/users/{userId}/second-factor/reset",
    summary: "Remove a second factor that was lost, and end the user's sessions.",
    group: "people",
    access: "admin",
    answer: null,
    errors: ["ACCOUNT_NOT_FOUND"],
  }),
};
