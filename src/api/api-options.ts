import { z } from "zod";
import { authOptionsSchema } from "./accounts/auth-options.ts";
import { quotaOptionsSchema } from "./accounts/quota-limits.ts";
import { dashboardOptionsSchema } from "./dashboard/dashboard-options.ts";
import { networkSchema } from "./edge/client-address.ts";
import type { PipelineScheduler } from "../scheduler/pipeline-scheduler.ts";

const perMinute = z.int().min(1).max(10_000_000);

/** How large requests may be, and how many. */
export const limitsSchema = z.strictObject({
  /** Bytes of a body, 1 KiB to 16 MiB. @default 1048576 */
  bodyBytes: z.int().min(1_024).max(16_777_216).default(1_048_576),
  /** Levels of objects and lists within each other in a body, 4 to 1,000. @default 32 */
  bodyDepth: z.int().min(4).max(1_000).default(32),
  /** Characters of a URL, 256 to 65,536. @default 8192 */
  urlLength: z.int().min(256).max(65_536).default(8_192),
  /** How many requests a minute are answered, by this process; whoever was quiet may send them all at once. */
  requestsPerMinute: z
    .strictObject({
      /** From one address (of IPv6: one network of 64 bits), 1 to 10,000,000. @default 6000 */
      address: perMinute.default(6_000),
      /** Of one user or token, 1 to 10,000,000. @default 3000 */
      caller: perMinute.default(3_000),
      /** From one address with a wrong credential, 1 to 10,000,000. @default 60 */
      refused: perMinute.default(60),
    })
    .prefault({}),
  /** Streams of events and logs that are open at once, 1 to 100,000. @default 5000 */
  streams: z.int().min(1).max(100_000).default(5_000),
  /** The same of one caller. @default 50 */
  streamsPerCaller: z.int().min(1).max(100_000).default(50),
});

const originSchema = z
  .string()
  .max(300)
  .refine((text) => URL.canParse(text) && new URL(text).origin === text, {
    message: 'must be an origin, such as "https://ops.example.com"',
  });

const publicUrlSchema = z
  .string()
  .max(300)
  .refine(
    (text) =>
      URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && isBare(new URL(text)),
    { message: 'must be a URL without a path, such as "https://cronduit.example.com"' },
  )
  .transform((text) => new URL(text));

function isBare({ pathname, search, hash, username, password }: URL): boolean {
  return pathname === "/" && `${search}${hash}${username}${password}` === "";
}

/** Options of `createApi` but the scheduler. */
export const apiOptionsSchema = z.strictObject({
  /** The path that all routes are below, without a slash at its end; `""`: none. @default "/api" */
  basePath: z
    .string()
    .max(200)
    .regex(/^(?:\/[\w.~-]+)*$/, 'must be like "/api", or "" for none')
    .default("/api"),
  /**
   * The URL at which people and programs reach this server, without a path: `https://cronduit.example.com`. Requests by any other
   * name than this and those of this machine (localhost) are refused. @default none but localhost
   */
  publicUrl: publicUrlSchema.optional(),
  /**
   * Proxies in front of this server, by address or network (`10.0.0.0/8`): of them `X-Forwarded-For` is believed. At most 100.
   * @default none
   */
  trustProxy: z.array(networkSchema).max(100).default([]),
  /** Pages of other sites that may call, with a token; cookies are never taken from them. */
  cors: z
    .strictObject({
      /** Their origins, as `https://ops.example.com`; at most 100. @default none */
      origins: z.array(originSchema).max(100).default([]),
    })
    .prefault({}),
  limits: limitsSchema.prefault({}),
  /**
   * Who may create and change jobs of pipelines whose params can execute code (`executesCode`): `user:ana`, `token:deploy`,
   * `role:admin`; at most 1,000. Requests of this process may. @default nobody
   */
  allowCommands: z
    .array(
      z
        .string()
        .max(200)
        .regex(
          /^(?:(?:user|token):.+|role:(?:viewer|editor|admin))$/su,
          'must be like "user:ana", "token:deploy" or "role:admin"',
        ),
    )
    .max(1_000)
    .default([]),
  /** `"machines"`: only health and what else programs ask, as for a worker. @default everything */
  only: z.literal("machines").optional(),
  /**
   * Whether the dashboard is served, too: `true`, beside the API; or where, and from which files.
   * @default false
   */
  dashboard: dashboardOptionsSchema.default(false),
  /** Who may call. @default nobody but this process (`as`) */
  auth: authOptionsSchema.optional(),
  /** How much each owner may use. @default as much as it likes */
  quotas: quotaOptionsSchema.optional(),
});

/** Options of `createApi`. */
export interface ApiOptions extends z.input<typeof apiOptionsSchema> {
  /** Whose jobs the API serves: a `PipelineScheduler`, not what `as` returned. */
  readonly scheduler: PipelineScheduler;
}

/** Options as they were checked. */
export type ApiSettings = z.output<typeof apiOptionsSchema>;
