import { readFile, stat } from "node:fs/promises";
import { extname, isAbsolute, relative, resolve } from "node:path";
import { CliError } from "../cli-error.ts";
import { systemReason } from "../system-reason.ts";

const EXTENSIONS = [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"];

/** A file that somebody named as a module. */
export class ModuleFile {
  /** The whole path. */
  readonly path: string;
  /** As people are told it: relative, if it is below the working directory. */
  readonly name: string;
  readonly #lines: readonly string[];

  private constructor(path: string, name: string, text: string) {
    this.path = path;
    this.name = name;
    this.#lines = text.split("\n");
  }

  /** @throws {@link CliError} `PIPELINES_NOT_LOADED` if it is no file of a module, or can't be read */
  static async open(given: string, cwd: string): Promise<ModuleFile> {
    const path = resolve(cwd, given);
    const name = shownPath(path, cwd);
    if (!EXTENSIONS.includes(extname(path)))
      throw new CliError(
        "PIPELINES_NOT_LOADED",
        `${name} is no module: its name ends with none of ${EXTENSIONS.join(", ")}.`,
        "Name the file that exports the pipelines.",
      );
    try {
      const stats = await stat(path);
      if (stats.isFile()) return new ModuleFile(path, name, await readFile(path, "utf8"));
    } catch (error) {
      throw new CliError(
        "PIPELINES_NOT_LOADED",
        `The module ${name} can't be read: ${systemReason(error)}.`,
        isAbsolute(given) ? "" : `Paths begin at ${cwd}.`,
        { cause: error },
      );
    }
    throw new CliError("PIPELINES_NOT_LOADED", `${name} is not a file.`);
  }

  /** Where an export begins, as `file:line`; the file alone if that can't be seen. */
  placeOf(exported: string): string {
    const line = this.lineOf(exported);
    return line === undefined ? this.name : `${this.name}:${line}`;
  }

  /** The line of an export, from 1. */
  lineOf(exported: string): number | undefined {
    const word = exported.replaceAll(/[^\w$]/g, "");
    const declared =
      word === "default"
        ? /^\s*export\s+default\b|\bmodule\.exports\s*=|\bas\s+default\b/
        : new RegExp(`\\b(?:class|const|let|var|function)\\s+${word.replaceAll("$", "\\$")}\\b`);
    const at = this.#lines.findIndex((line) => declared.test(line));
    return at === -1 ? undefined : at + 1;
  }

  /** The first line that has this text, from 1. */
  lineWith(text: string): number | undefined {
    const at = this.#lines.findIndex((line) => line.includes(text));
    return at === -1 ? undefined : at + 1;
  }
}

/** A path as people read it. */
export function shownPath(path: string, cwd: string): string {
  const below = relative(cwd, path);
  return below.startsWith("..") || isAbsolute(below) ? path : below;
}
