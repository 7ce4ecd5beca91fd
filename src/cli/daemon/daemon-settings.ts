import { resolve } from "node:path";
import type { ApiOptions } from "../../api/api-options.ts";
import { CliError } from "../cli-error.ts";
import { folderOf } from "../connect/folder-of.ts";
import { DAEMON_FOLDER, socketPathOf } from "../connect/socket-path.ts";
import type { Io } from "../io.ts";
import type { SettingsRead } from "../settings.ts";

/** Which part of the work a process does. */
export type DaemonPart = "all" | "worker" | "scheduler";

/** Where the local socket is to be. */
export interface SocketPlace {
  readonly path: string;
  /** Whether the folder is cronduit's own. */
  readonly ownsFolder: boolean;
  /** Whether the daemon ends if it can't be made; otherwise it goes on without. */
  readonly isRequired: boolean;
}

/** What the daemon is to do, as it was read. */
export interface DaemonSettings {
  readonly part: DaemonPart;
  readonly connection: string;
  readonly prefix: string;
  readonly timezone: string;
  readonly concurrency: number;
  readonly queues: readonly string[] | undefined;
  /** Seconds, or `"25s"`: how long the end may take. */
  readonly drain: number | string;
  /** Absent: none, as for a worker alone. */
  readonly socket: SocketPlace | undefined;
  /** Absent: nothing listens on TCP. */
  readonly tcp: { readonly host: string; readonly port: number } | undefined;
  readonly api: Omit<ApiOptions, "scheduler">;
}

/**
 * What the settings mean for a daemon.
 * @param defaultFolder Where the state is without a connection.
 * @throws {@link CliError} `INVALID_SETTING`
 */
export function daemonSettings(
  read: SettingsRead,
  io: Pick<Io, "env" | "cwd">,
  part: DaemonPart,
  defaultFolder: string = DAEMON_FOLDER,
): DaemonSettings {
  const { values, origins } = read;
  const connection = values.connection ?? `embedded://${resolve(io.cwd, defaultFolder)}`;
  const folder = folderOf(connection, io.cwd);
  if (part !== "all" && (folder !== undefined || connection === "memory:"))
    throw new CliError(
      "INVALID_SETTING",
      `${folder === undefined ? "memory:" : `The folder ${folder}`} is of one process, which has to do everything; ${part === "worker" ? "workers" : "schedulers"} of their own need a server.`,
      "Set --connection to redis://… or postgres://….",
    );
  const isAsked = (name: "port" | "host" | "publicUrl"): boolean =>
    origins[name].from !== "default";
  const listens = isAsked("port") || isAsked("host") || isAsked("publicUrl");
  return {
    part,
    connection,
    prefix: values.prefix,
    timezone: values.timezone,
    concurrency: values.concurrency,
    queues: values.queues,
    drain: values.drain,
    socket: part === "worker" ? undefined : socketOf(read, io, folder),
    tcp: listens ? { host: values.host, port: values.port } : undefined,
    api: apiOptionsOf(read, part),
  };
}

function socketOf(
  { values }: SettingsRead,
  { env, cwd }: Pick<Io, "env" | "cwd">,
  folder: string | undefined,
): SocketPlace {
  if (values.socket !== undefined)
    return { path: resolve(cwd, values.socket), ownsFolder: false, isRequired: true };
  const path = socketPathOf(folder ?? DAEMON_FOLDER, env, cwd);
  // Of an embedded folder it is the only way in; a server has others.
  const isRequired = folder !== undefined;
  return { path, ownsFolder: path.startsWith(resolve(cwd, folder ?? DAEMON_FOLDER)), isRequired };
}

function apiOptionsOf({ values }: SettingsRead, part: DaemonPart): DaemonSettings["api"] {
  const { basePath, publicUrl, trustProxy, allowCommands, jwtSecret } = values;
  return {
    basePath,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(trustProxy === undefined ? {} : { trustProxy }),
    ...(allowCommands === undefined ? {} : { allowCommands }),
    ...(part === "worker" ? { only: "machines" as const } : {}),
    auth: {
      ...(jwtSecret === undefined ? {} : { jwt: { secrets: jwtSecret } }),
      ...issuerOf(values),
    },
  };
}

function issuerOf(values: SettingsRead["values"]): Pick<NonNullable<ApiOptions["auth"]>, "issuer"> {
  const { issuer, issuerJwksUrl: jwksUrl, issuerAudience: audience } = values;
  if (issuer === undefined && jwksUrl === undefined && audience === undefined) return {};
  if (issuer === undefined || jwksUrl === undefined || audience === undefined)
    throw new CliError(
      "INVALID_SETTING",
      "--issuer, --issuer-jwks-url and --issuer-audience belong together, and one of them is missing.",
      "Set all three, or none.",
    );
  const roles = {
    admin: values.issuerAdmins ?? [],
    editor: values.issuerEditors ?? [],
    viewer: values.issuerViewers ?? [],
  };
  return { issuer: { issuer, jwksUrl, audience, roles } };
}
