import { constants, open } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { MAX_FILE_BYTES } from "../config/file-limits.ts";
import type { WrittenSetting } from "../config/settings/written-settings.ts";
import { CliError } from "./cli-error.ts";
import type { Io } from "./io.ts";
import { systemCodeOf, systemReason } from "./system-reason.ts";

/** The file that is read if it is there and none is named. */
const USUAL = "cronduit.toml";

/** What a file with settings says. */
interface SettingsFile {
  readonly path: string;
  /** As people are told it. */
  readonly name: string;
  readonly folder: string;
  readonly settings: readonly WrittenSetting[];
}

/**
 * Reads the settings of the file that is named or, if it is there, of `cronduit.toml`. Its jobs are not looked at.
 * @throws {@link CliError} `INVALID_FILE`
 */
export async function readSettingsFile(
  named: string | undefined,
  { cwd, uid }: Pick<Io, "cwd" | "uid">,
): Promise<SettingsFile | undefined> {
  const path = resolve(cwd, named ?? USUAL);
  const name = named ?? USUAL;
  const content = await contentOf(path, { name, isNamed: named !== undefined, uid });
  if (!content) return undefined;
  // Only who has such a file loads what reads it.
  const { readWrittenSettings } = await import("../config/settings/written-settings.ts");
  const { settings, problems } = readWrittenSettings(content, name);
  const first = problems.find(({ severity }) => severity === "error");
  if (first)
    throw new CliError(
      "INVALID_FILE",
      `${first.file}:${first.line}:${first.column} ${first.message}`,
      first.hint,
    );
  return { path, name: relative(cwd, path) || name, folder: dirname(path), settings };
}

async function contentOf(
  path: string,
  { name, isNamed, uid }: { name: string; isNamed: boolean; uid: number | undefined },
): Promise<Buffer | undefined> {
  try {
    // Opening a pipe must not wait for whoever writes it.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile())
      throw new CliError("INVALID_FILE", `${name} is no file.`, "Name another one.");
    // Whoever can write it decides where tokens are sent, and what is loaded.
    const isForeign = uid !== undefined && stat.uid !== uid && stat.uid !== 0;
    if (isForeign || (stat.mode & 0o022) !== 0)
      throw new CliError(
        "INVALID_FILE",
        `${name} ${isForeign ? "belongs to somebody else" : "may be written by others"}.`,
        isForeign ? "Make a copy that is yours." : `chmod go-w ${name}`,
      );
    if (stat.size > MAX_FILE_BYTES)
      throw new CliError("INVALID_FILE", `${name} has more than 1 MB.`, "Divide it.");
    return await file.readFile();
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (!isNamed && systemCodeOf(error) === "ENOENT") return undefined;
    throw new CliError("INVALID_FILE", `${name} can't be read: ${systemReason(error)}.`);
  }
}
