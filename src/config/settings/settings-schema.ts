import { z } from "zod";
import { zoneOf } from "../../triggers/time/zone.ts";

const text = z.string().min(1).max(4_096);
const path = text.meta({ value: "path" });
const paths = z.array(text).min(1).max(100).meta({ value: "path" });
const words = z.array(z.string().min(1).max(500)).min(1).max(1_000);
const zone = z
  .string()
  .min(1)
  .max(64)
  .refine(isZone, "is no IANA time zone, such as Europe/Berlin")
  .meta({ value: "zone" });

/** One of some words, in whatever case. */
const caseless = <const T extends string>(names: readonly T[]) =>
  z
    .preprocess(
      (given) =>
        names.find((name) => name.toLowerCase() === String(given).trim().toLowerCase()) ?? given,
      z.enum(names),
    )
    .meta({ allowed: names.join(", ") });

/**
 * Every setting of the command line and the daemon. Each may be a flag (`--log-level`), a variable (`CRONDUIT_LOG_LEVEL`) and a
 * key of `cronduit.toml` (`log_level`). `secret`: shown masked, and may stand in a file instead (`…_FILE`). `value`: what stands
 * for it in the help. `only`: it is no key of a file.
 */
export const settingsSchema = z.strictObject({
  connection: text
    .optional()
    .describe("Where the state is: redis://…, postgres://… or embedded://folder.")
    .meta({ secret: true, value: "url" }),
  prefix: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .default("cronduit")
    .describe("Tells the fleet from others on the same server.")
    .meta({ allowed: "1 to 64 letters, digits, _ . and -", value: "name" }),
  url: z
    .string()
    .max(2_000)
    .refine(isHttp, "is no URL beginning with https:// or http://")
    .optional()
    .describe("The HTTP API of a fleet elsewhere, such as https://cronduit.example.com/api.")
    .meta({ value: "url" }),
  token: z
    .string()
    .min(1)
    .max(16_384)
    .regex(/^[\x21-\x7E]+$/, "has a blank or a character that no token has")
    .optional()
    .describe("An API token, for --url.")
    .meta({ secret: true, value: "token" }),
  socket: path.optional().describe("The Unix socket of the daemon, if it is not in its folder."),
  config: path
    .optional()
    .describe("The file with settings and jobs. Otherwise cronduit.toml, if it is there.")
    .meta({ isNotInFiles: true, value: "path" }),

  jobsDir: paths
    .optional()
    .describe("A folder of job files, a job each; may be given several times."),
  crontab: paths.optional().describe("A crontab in the form of users; may be given several times."),
  systemCrontab: paths
    .optional()
    .describe("A crontab with a column for the user; may be given several times."),
  source: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .default("files")
    .describe("The name by which jobs of these files are known as theirs.")
    .meta({ allowed: "1 to 64 letters, digits, _ . and -", value: "name" }),

  logLevel: caseless(["DEBUG", "INFO", "WARNING", "ERROR"])
    .default("INFO")
    .describe("What is logged: DEBUG, INFO, WARNING or ERROR.")
    .meta({ value: "level" }),
  logFormat: caseless(["text", "json"])
    .default("text")
    .describe("How it is logged: text, or a JSON object a line.")
    .meta({ value: "format" }),
  logDir: path.optional().describe("A folder for log files, beside standard output."),
  logMaxSize: z
    .string()
    .regex(/^[1-9]\d{0,5}[KMG]$/)
    .default("10M")
    .describe("How large a log file becomes before the next begins.")
    .meta({ allowed: "such as 500K, 10M or 1G", value: "size" }),
  logKeep: z
    .int()
    .min(1)
    .max(10_000)
    .default(14)
    .describe("How many log files are kept.")
    .meta({ value: "count" }),

  host: z
    .string()
    .min(1)
    .max(255)
    .default("127.0.0.1")
    .describe("The address to listen on.")
    .meta({ value: "address" }),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .default(4_780)
    .describe("The port to listen on; 0 for one that is free.")
    .meta({ value: "port" }),
  publicUrl: z
    .string()
    .max(300)
    .refine(isHttp, "is no URL beginning with https:// or http://")
    .optional()
    .describe("Where people reach the server, without a path: https://cronduit.example.com.")
    .meta({ value: "url" }),
  basePath: z
    .string()
    .max(200)
    .regex(/^(?:\/[\w.~-]+)*$/)
    .default("/api")
    .describe("The path that the API is below.")
    .meta({ allowed: "a path such as /api", value: "path" }),
  trustProxy: words
    .optional()
    .describe("Addresses or networks of proxies whose X-Forwarded-For is believed.")
    .meta({ value: "network" }),
  jwtSecret: z
    .array(z.string().min(32).max(1_000))
    .min(1)
    .max(2)
    .optional()
    .describe("What signs tokens, at least 32 bytes; while it is changed, the new and the old one.")
    .meta({ secret: true, value: "secret" }),
  issuer: text
    .optional()
    .describe("Another server whose tokens are believed: its `iss`.")
    .meta({ value: "url" }),
  issuerJwksUrl: text.optional().describe("Where its keys are.").meta({ value: "url" }),
  issuerAudience: text.optional().describe("The `aud` of its tokens.").meta({ value: "text" }),
  issuerAdmins: words
    .optional()
    .describe("Values of its claim `groups` that make an administrator.")
    .meta({ value: "group" }),
  issuerEditors: words.optional().describe("Those that make an editor.").meta({ value: "group" }),
  issuerViewers: words.optional().describe("Those that make a viewer.").meta({ value: "group" }),
  allowCommands: words
    .optional()
    .describe("Who may make jobs that execute code over HTTP: user:ana, token:deploy, role:admin.")
    .meta({ value: "who" }),

  concurrency: z
    .int()
    .min(1)
    .max(10_000)
    .default(10)
    .describe("How many runs at once.")
    .meta({ value: "count" }),
  queues: z
    .array(z.string().regex(/^[\w.-]{1,64}$/))
    .min(1)
    .max(1_000)
    .optional()
    .describe("The queues that the worker serves.")
    .meta({ value: "name" }),
  drain: z
    .string()
    .regex(/^\d{1,5}(?:\.\d{1,3})?(?:ms|s|m|h)?$/)
    .default("25s")
    .describe("How long the end may wait for runs: seconds, or such as 25s and 2m.")
    .meta({ allowed: "seconds, or a length such as 25s or 2m", value: "time" }),
  workerOnly: z.boolean().default(false).describe("Execute runs, and neither schedule nor listen."),
  schedulerOnly: z.boolean().default(false).describe("Execute no runs in this process."),
  timezone: zone
    .default("UTC")
    .describe("The time zone of jobs that name none.")
    .meta({ value: "zone" }),
  pipelines: paths.optional().describe("A module with pipelines; may be given several times."),

  taskInherit: words
    .optional()
    .describe("Variables that processes inherit: PATH, LC_*.")
    .meta({ value: "name" }),
  taskSecrets: words
    .optional()
    .describe("Secrets that tasks may refer to: env:NAME, file:/run/secrets/.")
    .meta({ value: "reference" }),
  taskHttpHosts: words
    .optional()
    .describe("Hosts within the network that HTTP tasks may call.")
    .meta({ value: "host" }),
  taskFunctions: words
    .optional()
    .describe("Functions that tasks may call, as module.js#name.")
    .meta({ value: "function" }),

  tz: zone
    .optional()
    .describe("The time zone in which times are shown. Otherwise that of this machine.")
    .meta({ value: "zone" }),
  output: caseless(["table", "json", "ndjson"])
    .default("table")
    .describe("How answers are written: table, json or ndjson.")
    .meta({ value: "form" }),
  yes: z.boolean().default(false).describe("Do it without asking.").meta({ isNotInFiles: true }),
  noInput: z.boolean().default(false).describe("Never ask; what would be asked is an error."),
});

/** The settings, as checked. */
export type Settings = z.output<typeof settingsSchema>;
/** The name of a setting, in camelCase. */
export type SettingName = keyof Settings;

function isHttp(given: string): boolean {
  if (!URL.canParse(given)) return false;
  const { protocol, username, password } = new URL(given);
  return /^https?:$/.test(protocol) && username + password === "";
}

function isZone(given: string): boolean {
  try {
    zoneOf(given);
    return true;
  } catch {
    return false;
  }
}
