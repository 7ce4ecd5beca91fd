import { z } from "zod";
import { durationOption } from "../../jobs/duration-option.ts";
import type { BreachedPasswords } from "./breached-passwords.ts";
import { isLoopback } from "../edge/loopback.ts";

const MIN_SECRET_BYTES = 32;

const secretSchema = z
  .string()
  .max(1_000)
  .refine((text) => Buffer.byteLength(text) >= MIN_SECRET_BYTES, {
    message: `must have at least ${MIN_SECRET_BYTES} bytes; make one with: openssl rand -base64 48`,
  })
  .meta({ secret: true });

/** A claim by its name, or by the names on the way to it. */
const claimSchema = z.union([
  z.string().min(1).max(200),
  z.array(z.string().min(1).max(200)).min(1).max(8),
]);
const valuesSchema = z.array(z.string().min(1).max(200)).max(100).default([]);

const jwksUrlSchema = z
  .string()
  .max(2_000)
  .refine((text) => URL.canParse(text) && isSafe(new URL(text)), {
    message: "must be an https URL without a password (http only on this machine)",
  })
  .transform((text) => new URL(text));

function isSafe(url: URL): boolean {
  const { protocol, username, password } = url;
  const isClear = protocol === "http:" && isLoopback(url);
  return (protocol === "https:" || isClear) && username + password === "";
}

/** Tokens of another server, such as Keycloak, Entra or Auth0. */
export const outsideIssuerSchema = z.strictObject({
  /** Where its keys are: a JWK Set. Nothing else is ever fetched, whatever a token says. */
  jwksUrl: jwksUrlSchema,
  /** Its `iss`, to the letter. */
  issuer: z.string().min(1).max(500),
  /** The `aud` that tokens for this server have. */
  audience: z.string().min(1).max(500),
  /** The algorithms that it signs with, all asymmetric. @default ["RS256", "ES256"] */
  algorithms: z
    .array(
      z.enum([
        "RS256",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "PS512",
        "ES256",
        "ES384",
        "ES512",
        "EdDSA",
        "Ed25519",
      ]),
    )
    .min(1)
    .default(["RS256", "ES256"]),
  /** The `typ` that its access tokens have, if they have one that others have not: `"at+jwt"`. @default any */
  type: z.string().min(1).max(100).optional(),
  /** How old a token may be, whatever it says itself: seconds, or `"1h"`. @default 24 hours */
  maxAge: durationOption("createApi.auth.issuer.maxAge").default(86_400_000),
  /** In which claims stands what; for a claim within another, the names on the way. */
  claims: z
    .strictObject({
      /** Who it is: becomes the actor's name and first owner. @default "sub" */
      user: claimSchema.default("sub"),
      /** What decides the role: a text or a list of texts. @default "groups" */
      role: claimSchema.default("groups"),
      /** The teams: a text or a list of texts. @default none */
      teams: claimSchema.optional(),
    })
    .prefault({}),
  /** Which values of the claim `role` make which role; the highest counts. Who has none of them is refused. */
  roles: z
    .strictObject({
      /** @default none */
      viewer: valuesSchema,
      /** @default none */
      editor: valuesSchema,
      /** @default none */
      admin: valuesSchema,
    })
    .refine((roles) => Object.values(roles).some((values) => values.length > 0), {
      message: "names no value for any role, so that nobody could do anything",
    }),
});

const jwtSchema = z
  .strictObject({
    /** What signs the tokens: at least 32 bytes, without a default. */
    secret: secretSchema.optional(),
    /** While it is changed: the new one, which signs, and the old one, whose tokens are still good. */
    secrets: z.array(secretSchema).min(1).max(2).optional(),
  })
  .refine(({ secret, secrets }) => (secret === undefined) !== (secrets === undefined), {
    message: "needs either `secret` or `secrets`",
  })
  .transform(({ secret, secrets = [] }) => (secret === undefined ? secrets : [secret]));

/** The option `auth` of `createApi`: who may call. */
export const authOptionsSchema = z.strictObject({
  /** Users with passwords, API tokens and sessions, kept beside the jobs. @default true */
  accounts: z.boolean().default(true),
  /** What people without the role `admin` see of others: nothing (`own`), or everything (`all`), to be read. @default "own" */
  visibility: z.enum(["own", "all"]).default("own"),
  /** How long a browser stays signed in. */
  session: z
    .strictObject({
      /** Without a request: seconds, or `"12h"`. @default 12 hours */
      idle: durationOption("createApi.auth.session.idle").default(12 * 3_600_000),
      /** At most: seconds, or `"7d"`. @default 7 days */
      absolute: durationOption("createApi.auth.session.absolute").default(7 * 86_400_000),
    })
    .prefault({}),
  /** Lets programs sign in for a signed token of 15 minutes; second factors are encrypted by its secret. @default they use API tokens */
  jwt: jwtSchema.optional(),
  /** Who can't sign in with a password alone. Others may set up a second factor, too. @default false */
  requireSecondFactor: z
    .union([z.literal(false), z.enum(["administrators", "all"])])
    .default(false),
  /**
   * Says whether a password was leaked, when somebody chooses one: `breachedPasswordsIn(file)`, or a function of your own.
   * @default only the most common ones are refused
   */
  breachedPasswords: z
    .custom<BreachedPasswords>((given) => typeof given === "function", "must be a function")
    .optional(),
  /** Also believes tokens of another server. @default none */
  issuer: outsideIssuerSchema.optional(),
});

/** The option `auth`, as checked. */
export type AuthSettings = z.output<typeof authOptionsSchema>;
/** The option `auth.issuer`, as checked. */
export type OutsideIssuerSettings = z.output<typeof outsideIssuerSchema>;
