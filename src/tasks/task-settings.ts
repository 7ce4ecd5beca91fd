import { tmpdir } from "node:os";
import { z } from "zod";
import { suggest } from "../core/suggest.ts";
import { parseOptions } from "../jobs/options.ts";
import { allowedHostSchema } from "./http/address-rules.ts";
import { namedValues } from "./named-values.ts";
import { environmentSchema, inheritedNameSchema } from "./program/environment.ts";
import { secretGrantSchema, secretReferenceSchema } from "./secret-references.ts";
import { wordSchema } from "./word-schema.ts";

/** What a process gets of its worker's environment unless the settings say otherwise: none of it changes what a program does. */
const INHERITED = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LC_*"];

/** The interpreters that need no setting. Python writes at once, so that its lines are in the log while it runs. */
const INTERPRETERS: Readonly<Record<string, CommandLine>> = {
  PYTHON: ["python3", "-u"],
  BASH: ["bash"],
  JAVASCRIPT: [process.execPath],
};

const commandLineSchema = z
  .union([
    z
      .string()
      .trim()
      .min(1)
      .max(4_096)
      .refine((line) => !/["'\\$`\0]/.test(line), "has quotes; write a list of words instead"),
    z.array(wordSchema(4_096)).min(1).max(100),
  ])
  .transform((line) => (typeof line === "string" ? line.split(/\s+/) : line))
  .meta({ allowed: 'a command line such as "/usr/bin/python3 -u", or a list of its words' });

const originSchema = z
  .string()
  .max(300)
  .refine(isOrigin, 'is no origin, such as "https://api.example.com"');

const taskSettingsSchema = z.strictObject({
  environment: environmentSchema.default({}),
  inherit: z.array(inheritedNameSchema).max(1_000).default(INHERITED),
  interpreters: namedValues(commandLineSchema, (name) =>
    /^\w[\w.+-]{0,63}$/.test(name)
      ? undefined
      : "has a name with more than letters, digits and _ . + -",
  ).default({}),
  functions: z
    .record(z.string().min(1).max(4_096), z.array(z.string().min(1).max(200)).min(1).max(1_000))
    .default({}),
  secrets: z.array(secretGrantSchema).max(1_000).default([]),
  http: z
    .strictObject({
      allow: z.array(allowedHostSchema).max(1_000).default([]),
      secrets: namedValues(z.array(originSchema).min(1).max(100), (reference) =>
        secretReferenceSchema.safeParse(reference).success
          ? undefined
          : "belongs to no reference to a secret, such as env:API_TOKEN",
      ).default({}),
      ca: z.string().max(1_000_000).optional(),
    })
    .prefault({}),
  folder: z.string().min(1).max(4_096).optional(),
});

/** What HTTP tasks may do. */
export interface HttpSettings {
  /**
   * Which hosts within the network may be called, though addresses that are loopback, private, link-local or otherwise not of
   * the public internet are refused: names (`"billing.internal"`), addresses and networks (`"10.1.0.0/16"`).
   * @default none
   */
  allow?: readonly string[] | undefined;
  /**
   * The secrets that requests may carry, each with the origins that it may be sent to:
   * `{ "env:GITHUB_TOKEN": ["https://api.github.com"] }`.
   * @default none
   */
  secrets?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Certificates in PEM format to trust besides the well-known ones. @default none */
  ca?: string | undefined;
}

/** What tasks may do and use on the machines where they run. It is a worker's own, and no part of any job. */
export interface TaskSettings {
  /**
   * The environment from which processes inherit, and in which secrets (`env:NAME`) stand: `process.env`, as a rule.
   * @default empty: processes get a usual `PATH` and nothing else
   */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * Names of variables that processes inherit; `"LC_*"` for all that begin so. Variables that make a program load other code
   * (`NODE_OPTIONS`, `LD_PRELOAD`, `BASH_ENV` and the like) are inherited only if named in full.
   * @default PATH, HOME, USER, LOGNAME, SHELL, TMPDIR, TZ, LANG, LC_*
   */
  inherit?: readonly string[] | undefined;
  /**
   * Interpreters of scripts: a command line, or a list of its words, to which the script's file and arguments are added.
   * @default PYTHON (`python3 -u`), BASH (`bash`) and JAVASCRIPT (this Node.js), which may be replaced
   */
  interpreters?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /**
   * The functions that tasks may call: modules (a path, relative to the working directory, or a `file:` URL) with their exports.
   * @default none
   */
  functions?: Readonly<Record<string, readonly string[]>> | undefined;
  /**
   * Secrets that commands and scripts may refer to: `"env:NAME"`, `"env:JOB_*"`, `"file:/run/secrets/token"`, or
   * `"file:/run/secrets/"` for all files in a folder.
   * @default none
   */
  secrets?: readonly string[] | undefined;
  /** What HTTP tasks may do. @default they reach the public internet, without secrets */
  http?: HttpSettings | undefined;
  /** Where scripts are kept while they run, each in a folder that only its user may enter. @default the system's temporary folder */
  folder?: string | undefined;
}

/** A command line as a list of words. */
export type CommandLine = readonly string[];

/** The settings, as the tasks use them. */
export interface ResolvedSettings extends Omit<
  z.output<typeof taskSettingsSchema>,
  "interpreters" | "folder"
> {
  readonly interpreters: ReadonlyMap<string, CommandLine>;
  readonly folder: string;
}

/** @throws {@link CronduitError} `INVALID_OPTION` */
export function resolveSettings(given: TaskSettings): ResolvedSettings {
  const { interpreters, folder, ...settings } = parseOptions(
    taskSettingsSchema,
    given,
    "createTasks",
  );
  const all = Object.entries<CommandLine>({ ...INTERPRETERS, ...interpreters });
  return { ...settings, interpreters: new Map(all), folder: folder ?? tmpdir() };
}

/** Why a name is none of those that are configured, and which was probably meant. */
export function notConfigured(what: string, given: string, known: readonly string[]): string {
  const meant = suggest(given, known);
  if (known.length === 0) return `${what} is not configured, and neither is any other`;
  const all = known.slice(0, 20).join(", ") + (known.length > 20 ? ", …" : "");
  return `${what} is not configured; ${meant === undefined ? `there are: ${all}` : `did you mean ${JSON.stringify(meant)}?`}`;
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text;
}
