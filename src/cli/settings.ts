import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { complain } from "../core/complaint.ts";
import { suggest } from "../core/suggest.ts";
import {
  FILE_SUFFIX,
  flagOf,
  namesOf,
  SETTINGS,
  type SettingInfo,
  variableOf,
} from "../config/settings/setting-infos.ts";
import {
  type SettingName,
  type Settings,
  settingsSchema,
} from "../config/settings/settings-schema.ts";
import { CliError } from "./cli-error.ts";
import type { Io } from "./io.ts";
import { readSettingsFile } from "./settings-file.ts";
import { systemReason } from "./system-reason.ts";

/** Where a setting's value comes from. */
export interface Origin {
  readonly from: "flag" | "environment" | "file" | "default";
  /** `--log-level`, `CRONDUIT_LOG_LEVEL`, `cronduit.toml:3`. */
  readonly name: string;
}

/** Settings with where each comes from. */
export interface SettingsRead {
  readonly values: Settings;
  readonly origins: Readonly<Record<SettingName, Origin>>;
  /** The file with settings, if there is one. */
  readonly file: string | undefined;
  /** Whether that file was named, and not merely found in the working directory. */
  readonly isFileNamed: boolean;
}

/** What flags say, by the names of settings; a secret may be named by `<name>File`. */
export type Flags = Readonly<Record<string, FlagValue>>;

/** What a flag gives. */
export type FlagValue = string | boolean | readonly string[] | undefined;

interface Found {
  readonly value: unknown;
  readonly origin: Origin;
}

const MAX_SECRET_BYTES = 65_536;
/** Variables that cronduit sets for the processes of tasks. */
const OF_TASKS = new Set(
  "JOB_ID RUN_ID FIRE_TIME SCHEDULED_AT INTERVAL_START INTERVAL_END ATTEMPT TRIGGER PROCESS_TREE"
    .split(" ")
    .map((name) => `CRONDUIT_${name}`),
);
/** What Kubernetes sets in every container beside a service of the name "cronduit". */
const OF_KUBERNETES = /^CRONDUIT_(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT_\d+_(?:TCP|UDP)(?:_\w+)?)$/;

/**
 * Reads the settings: flags, then the environment, then the file. Nothing else reads the environment.
 * @throws {@link CliError} `INVALID_SETTING`, `UNKNOWN_VARIABLE`, `INVALID_FILE`
 */
export async function readSettings(
  flags: Flags,
  io: Pick<Io, "env" | "cwd" | "uid">,
): Promise<SettingsRead> {
  const environment = Object.fromEntries(
    Object.entries(io.env).filter((entry) => isOurs(entry[0]) && !isOfService(entry, io.env)),
  );
  refuseUnknown(environment);
  const found = new Map<SettingName, Found>();
  for (const info of SETTINGS) {
    const given =
      (await fromFlags(info, flags, io)) ?? (await fromEnvironment(info, environment, io));
    if (given) found.set(info.name, given);
  }
  const named = found.get("config");
  const file = await readSettingsFile(named && String(named.value), io);
  for (const { name, value, isPath, line } of file?.settings ?? []) {
    const origin = { from: "file", name: `${file?.name ?? ""}:${line}` } as const;
    const info = SETTINGS.find((each) => each.name === name);
    if (!info || found.has(name)) continue;
    found.set(name, {
      value: isPath
        ? await secretIn(info, resolve(file?.folder ?? io.cwd, String(value)), origin)
        : value,
      origin,
    });
  }
  const values = Object.fromEntries(
    SETTINGS.map((info) => [info.name, found.get(info.name)?.value ?? info.default]),
  ) as Settings;
  const origins = Object.fromEntries(
    SETTINGS.map(({ name }) => [
      name,
      found.get(name)?.origin ?? { from: "default", name: "default" },
    ]),
  ) as Record<SettingName, Origin>;
  return { values, origins, file: file?.path, isFileNamed: named !== undefined };
}

async function fromFlags(
  info: SettingInfo,
  flags: Flags,
  io: Pick<Io, "cwd">,
): Promise<Found | undefined> {
  const path = info.isSecret ? flags[`${info.name}File`] : undefined;
  const origin = { from: "flag", name: flagOf(info.name) } as const;
  if (flags[info.name] !== undefined)
    return { value: checked(info, textual(info, flags[info.name], origin), origin), origin };
  if (typeof path !== "string") return undefined;
  const named = { from: "flag", name: `${flagOf(info.name)}-file` } as const;
  return { value: await secretIn(info, resolve(io.cwd, path), named), origin: named };
}

async function fromEnvironment(
  info: SettingInfo,
  environment: Readonly<Record<string, string | undefined>>,
  io: Pick<Io, "cwd">,
): Promise<Found | undefined> {
  const name = variableOf(info.name);
  const fileName = name + FILE_SUFFIX.toUpperCase();
  const origin = { from: "environment", name } as const;
  const [text, path] = [environment[name], environment[fileName]];
  if (text !== undefined && info.isSecret && path !== undefined)
    throw new CliError(
      "INVALID_SETTING",
      `Both ${name} and ${fileName} are set.`,
      "Unset one of them.",
    );
  if (text !== undefined)
    return { value: checked(info, textual(info, text, origin), origin), origin };
  if (path === undefined || !info.isSecret) return undefined;
  const named = { from: "environment", name: fileName } as const;
  return { value: await secretIn(info, resolve(io.cwd, path), named), origin: named };
}

/** The value that a text of a flag or a variable stands for. */
function textual(info: SettingInfo, given: unknown, { name }: Origin): unknown {
  if (info.takes === "list") return [given].flat().flatMap((each) => String(each).split(","));
  if (typeof given !== "string") return given;
  if (given === "")
    throw new CliError("INVALID_SETTING", `${name} is empty.`, "Give it a value, or leave it out.");
  if (info.takes === "number") return /^-?\d{1,15}$/.test(given) ? Number(given) : given;
  if (info.takes !== "switch") return given;
  if (/^(?:1|true|yes|on)$/i.test(given)) return true;
  return /^(?:0|false|no|off)$/i.test(given) ? false : given;
}

function checked(info: SettingInfo, value: unknown, { name }: Origin): unknown {
  const schema: z.ZodType = settingsSchema.shape[info.name];
  // A field of an object, so that the complaint knows what is secret.
  const whole = z.object({ [info.name]: schema });
  const parsed = whole.safeParse({ [info.name]: value });
  if (parsed.success) return parsed.data[info.name];
  const { what } = complain(parsed.error, whole, { [info.name]: value });
  throw new CliError("INVALID_SETTING", `${name}: ${what}`, "cronduit config");
}

async function secretIn(info: SettingInfo, path: string, origin: Origin): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new CliError(
      "INVALID_FILE",
      `${origin.name}: ${path} can't be read: ${systemReason(error)}.`,
      "Correct the path, or its rights.",
    );
  });
  if (Buffer.byteLength(text) > MAX_SECRET_BYTES)
    throw new CliError("INVALID_FILE", `${origin.name}: ${path} is too large for a secret.`);
  const lines = text.trim().split(/\r?\n/);
  return checked(info, info.takes === "list" ? lines : text.trim(), origin);
}

function isOurs(name: string): boolean {
  return name.startsWith("CRONDUIT_") && !OF_TASKS.has(name);
}

function isOfService(
  [name, value]: readonly [string, string | undefined],
  env: Io["env"],
): boolean {
  if (OF_KUBERNETES.test(name)) return true;
  // Of such a service, too; the setting of this name is a number.
  const hasService = env["CRONDUIT_SERVICE_HOST"] !== undefined;
  return name === "CRONDUIT_PORT" && hasService && /^(?:tcp|udp):\/\//.test(value ?? "");
}

/** A typing error must not be taken for a setting that is not there. */
function refuseUnknown(environment: Readonly<Record<string, unknown>>): void {
  const known = SETTINGS.flatMap((info) => namesOf(info, variableOf));
  const shorts = known.map(withoutPrefix);
  for (const name of Object.keys(environment)) {
    if (known.includes(name)) continue;
    const near = suggest(withoutPrefix(name), shorts);
    throw new CliError(
      "UNKNOWN_VARIABLE",
      `There is no setting ${name}.${near === undefined ? "" : ` Did you mean CRONDUIT_${near}?`}`,
      "cronduit config",
    );
  }
}

function withoutPrefix(name: string): string {
  return name.slice("CRONDUIT_".length);
}
