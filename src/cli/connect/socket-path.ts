import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { CliError } from "../cli-error.ts";

/** The daemon's folder, unless its connection is a folder. */
export const DAEMON_FOLDER = "/var/lib/cronduit";
/** The folder of `cronduit dev`, below the working directory. */
export const DEV_FOLDER = ".cronduit";

const NAME = "cronduit.sock";
/** Bytes of a socket's path that every system takes: macOS has 104 with the NUL at the end, Linux 108. */
const MAX_BYTES = 103;

/**
 * Where the socket of a daemon with this folder is: in it or, if that path is too long for a socket, in `$XDG_RUNTIME_DIR`, which
 * is this user's alone.
 * @param cwd What a relative folder is below.
 * @throws {@link CliError} `SOCKET_PATH_TOO_LONG` if there is no other place
 */
export function socketPathOf(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): string {
  const whole = resolve(cwd, folder);
  const inside = join(whole, NAME);
  if (Buffer.byteLength(inside) <= MAX_BYTES) return inside;
  const { XDG_RUNTIME_DIR: runtime } = env;
  const digest = createHash("sha256").update(whole).digest("hex").slice(0, 16);
  const outside = runtime ? join(runtime, `cronduit-${digest}.sock`) : "";
  if (outside === "" || Buffer.byteLength(outside) > MAX_BYTES)
    throw new CliError(
      "SOCKET_PATH_TOO_LONG",
      `The path of ${folder} is too long for a socket in it.`,
      "Set --socket to a shorter path, in a folder that only you may enter.",
    );
  return outside;
}
