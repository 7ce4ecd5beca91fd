import { chmod, lstat, mkdir, rm, stat } from "node:fs/promises";
import type { RequestListener, Server } from "node:http";
import { dirname } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { CliError } from "../cli-error.ts";
import { answersAt } from "../connect/answers-at.ts";
import { systemCodeOf, systemReason } from "../system-reason.ts";
import { HttpDoor, listening } from "./http-door.ts";

/** Where a socket is to be. */
export interface LocalDoorOptions {
  readonly path: string;
  /** Whether its folder is cronduit's own, which then becomes its user's alone; otherwise it must be safe as it is. */
  readonly ownsFolder: boolean;
  readonly clock: Clock;
}

/**
 * Listens at a Unix socket that only this user can reach: whoever does is the local administrator. One that a dead process left
 * behind is replaced.
 * @throws {@link CliError} `SOCKET_IN_USE`, `SOCKET_REFUSED`
 */
export async function openLocalDoor(
  listener: RequestListener,
  { path, ownsFolder, clock }: LocalDoorOptions,
): Promise<HttpDoor> {
  try {
    await prepareFolder(dirname(path), ownsFolder);
    const server = await bind(listener, path);
    await chmod(path, 0o600);
    return new HttpDoor(server, path, clock);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(
      "SOCKET_REFUSED",
      `The socket ${path} can't be made: ${systemReason(error)}.`,
      "Set --socket to a path in a folder that you may write.",
      { cause: error },
    );
  }
}

async function bind(listener: RequestListener, path: string): Promise<Server> {
  try {
    return await listening(listener, (server) => listenAlone(server, path));
  } catch (error) {
    if (systemCodeOf(error) !== "EADDRINUSE") throw error;
  }
  if (await answersAt(path))
    throw new CliError(
      "SOCKET_IN_USE",
      `Another daemon answers at ${path}.`,
      "Stop it first, or set --socket to another path.",
    );
  await removeStale(path);
  return listening(listener, (server) => listenAlone(server, path));
}

/** Nobody else can connect in the moment before its rights are set: it has none for others from the start. */
function listenAlone(server: Server, path: string): void {
  const before = process.umask(0o177);
  try {
    // Binds within the call.
    server.listen(path);
  } finally {
    process.umask(before);
  }
}

async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() === false)
    throw new CliError(
      "SOCKET_REFUSED",
      `There is something at ${path} that is no socket.`,
      "Move it away, or set --socket to another path.",
    );
  await rm(path, { force: true });
}

async function prepareFolder(folder: string, isOwn: boolean): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(folder);
  const own = process.getuid?.();
  // Windows has no such rights.
  if (own === undefined) return;
  if (isOwn && uid === own) {
    if ((mode & 0o077) !== 0) await chmod(folder, 0o700);
    return;
  }
  const isSafe = (uid === own || uid === 0) && (mode & 0o022) === 0;
  if (isSafe) return;
  throw new CliError(
    "SOCKET_REFUSED",
    `Others may write to ${folder}, and could put a socket of their own there.`,
    `chmod go-w ${folder}, or set --socket to a path elsewhere.`,
  );
}
