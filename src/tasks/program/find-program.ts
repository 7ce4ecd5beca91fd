import { constants } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { shown } from "../../core/shown.ts";
import { suggest } from "../../core/suggest.ts";
import { TaskError } from "../task-error.ts";

type Found = "yes" | "no" | "not-executable" | "a folder";

/**
 * The whole path of a program, looked for as a shell does.
 * @throws {@link TaskError} `PROGRAM_NOT_FOUND`, `PROGRAM_NOT_EXECUTABLE`
 */
export async function findProgram(name: string, cwd: string, path: string): Promise<string> {
  if (name.includes("/")) {
    const file = resolve(cwd, name);
    const found = await look(file);
    if (found === "yes") return file;
    if (found === "no")
      throw new TaskError(
        "PROGRAM_NOT_FOUND",
        `There is no program ${shown(file)}${isAbsolute(name) ? "" : ` (${shown(name)}, from the working directory)`}.${asLine(name)}`,
        { data: { program: name, path: file } },
      );
    throw notExecutable(name, file, found);
  }
  let unusable: { readonly file: string; readonly found: Found } | undefined;
  // A relative folder in PATH means another program in each working directory.
  const folders = path.split(delimiter).filter(isAbsolute);
  for (const folder of folders) {
    const file = join(folder, name);
    const found = name === "" ? "no" : await look(file);
    if (found === "yes") return file;
    if (found === "not-executable") unusable ??= { file, found };
  }
  if (unusable) throw notExecutable(name, unusable.file, unusable.found);
  const meant = await similar(name, folders);
  const hint = meant === undefined ? "" : ` Did you mean ${shown(meant)}?`;
  throw new TaskError(
    "PROGRAM_NOT_FOUND",
    `There is no program ${shown(name)} in any folder of PATH (${folders.join(delimiter).slice(0, 500)}).${hint}${asLine(name)}`,
    {
      data: { program: name, PATH: path, ...(meant === undefined ? {} : { suggestion: meant }) },
    },
  );
}

/** @throws {@link TaskError} `WORKING_DIRECTORY_MISSING` */
export async function checkWorkingDirectory(cwd: string): Promise<void> {
  const problem = await problemWith(cwd);
  if (problem === undefined) return;
  throw new TaskError(
    "WORKING_DIRECTORY_MISSING",
    `The working directory ${shown(cwd)} ${problem}.`,
    { data: { cwd } },
  );
}

async function problemWith(cwd: string): Promise<string | undefined> {
  try {
    if (!(await stat(cwd)).isDirectory()) return "is not a folder";
    await access(cwd, constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as { readonly code?: string };
    return code === "ENOENT" || code === "ENOTDIR"
      ? "does not exist"
      : `can't be entered (${code})`;
  }
}

async function look(file: string): Promise<Found> {
  try {
    if (!(await stat(file)).isFile()) return "a folder";
    await access(file, constants.X_OK);
    return "yes";
  } catch (error) {
    return (error as { readonly code?: string }).code === "EACCES" ? "not-executable" : "no";
  }
}

function notExecutable(program: string, file: string, found: Found): TaskError {
  const why = found === "a folder" ? "is not a file" : "may not be executed by the worker's user";
  return new TaskError("PROGRAM_NOT_EXECUTABLE", `${shown(file)} ${why}.`, {
    data: { program, path: file },
  });
}

/** Somebody wrote a whole line as one word. */
function asLine(name: string): string {
  return /\s/.test(name)
    ? " A command is a list of words, [program, argument, …]; for a line of a shell, write it as text with shell: true."
    : "";
}

async function similar(name: string, folders: readonly string[]): Promise<string | undefined> {
  const known = new Set<string>();
  for (const folder of folders) {
    const files = await readdir(folder).catch((): string[] => []);
    for (const file of files) if (file[0] === name[0]) known.add(file);
  }
  // The nearest in length: a full name is preferred to what merely begins so.
  return suggest(
    name,
    [...known].toSorted((a, b) => near(a, name) - near(b, name)),
  );
}

function near(a: string, b: string): number {
  return Math.abs(a.length - b.length);
}
