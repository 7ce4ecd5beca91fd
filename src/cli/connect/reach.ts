import { isLoopback } from "../../api/edge/loopback.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import type { SettingsRead } from "../settings.ts";
import { answersAt } from "./answers-at.ts";
import { folderOf } from "./folder-of.ts";
import type { Reached } from "./reached.ts";
import { DAEMON_FOLDER, DEV_FOLDER, socketPathOf } from "./socket-path.ts";

/**
 * Reaches the fleet that the settings name: by its URL, over the socket of its daemon, or by opening its connection in this
 * process. An embedded folder belongs to one process, so its daemon is asked first. Without any, a daemon is looked for where
 * `cronduit dev` and `cronduit start` put their sockets.
 * @throws {@link CliError} `NO_FLEET`, `UNREACHABLE`; {@link CronduitError} of the connection
 */
export async function reach(read: SettingsRead, io: Io): Promise<Reached> {
  const { url, socket, connection } = read.values;
  if (url !== undefined) return byUrl(url, read, io);
  if (socket !== undefined) {
    if (!(await answersAt(socket))) throw silent(socket);
    return bySocket(socket, read, io);
  }
  if (connection !== undefined) return byConnection(connection, read, io);
  const places = [DEV_FOLDER, DAEMON_FOLDER].map((folder) => socketPathOf(folder, io.env, io.cwd));
  for (const path of places) if (await answersAt(path)) return bySocket(path, read, io);
  throw new CliError(
    "NO_FLEET",
    `No daemon answers in ${DEV_FOLDER} or ${DAEMON_FOLDER}, and no --connection or --url is set.`,
    "cronduit dev",
  );
}

async function byUrl(
  given: string,
  { values, origins }: SettingsRead,
  { clock }: Io,
): Promise<Reached> {
  const url = new URL(given);
  if (url.pathname === "/") url.pathname = values.basePath;
  const { token } = values;
  if (token !== undefined && url.protocol === "http:" && !isLoopback(url))
    throw new CliError(
      "INVALID_SETTING",
      `${origins.url.name}: the token would be sent to ${url.host} without encryption.`,
      `Use https://${url.host}`,
    );
  // Whoever wrote a file that merely lies here must not be sent what is in the environment.
  if (token !== undefined && origins.url.from === "file" && origins.token.from !== "file")
    throw new CliError(
      "INVALID_SETTING",
      `${origins.url.name} says where to send the token of ${origins.token.name}, and that was not asked for.`,
      `Give --url ${url.href}`,
    );
  const { makeRemote } = await import("./remote.ts");
  const place = url.href.replace(/\/+$/, "");
  return {
    client: makeRemote(place, token, clock),
    by: "url",
    place,
    close: async () => undefined,
  };
}

async function bySocket(path: string, { values }: SettingsRead, { clock }: Io): Promise<Reached> {
  const { makeLocal } = await import("./remote.ts");
  const client = makeLocal(path, values.basePath, clock);
  return { client, by: "socket", place: path, close: async () => undefined };
}

async function byConnection(connection: string, read: SettingsRead, io: Io): Promise<Reached> {
  const folder = folderOf(connection, io.cwd);
  const path = folder === undefined ? undefined : socketPathOf(folder, io.env, io.cwd);
  if (path !== undefined && (await answersAt(path))) return bySocket(path, read, io);
  const { openHere } = await import("./in-process.ts");
  return openHere({ connection, folder }, read, io);
}

function silent(path: string): CliError {
  return new CliError("UNREACHABLE", `No daemon answers at ${path}.`, "cronduit start");
}
