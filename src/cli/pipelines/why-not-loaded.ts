import { fileURLToPath } from "node:url";
import { CliError } from "../cli-error.ts";
import { ModuleFile, shownPath } from "./module-file.ts";

const MAX_SAID = 500;
/** As stacks and the transpiler name a place: a path or a URL, a line, a column. */
const PLACE = /(?:\(|\s|^)((?:file:\/\/)?\/[^\s():]+|[A-Z]:[^\s():]+):(\d+):(\d+)/g;
const FOREIGN = /[\\/]node_modules[\\/]|^node:/;

/** What importing a module threw, with the place in the file of whoever wrote it. */
export async function whyNotLoaded(
  file: ModuleFile,
  error: unknown,
  cwd: string,
): Promise<CliError> {
  const missing = missingOf(error);
  const from = missing && (await ModuleFile.open(missing.from, cwd).catch(() => file));
  if (missing && from) {
    const line = from.lineWith(missing.name);
    return notLoaded(
      file,
      `${from.name}${line === undefined ? "" : `:${line}`}: there is no module "${missing.name}"`,
      /^[./]/.test(missing.name)
        ? "Correct the path."
        : `Install it beside the file: npm install ${missing.name}`,
      error,
    );
  }
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: "" };
  const [said = "", ...more] = message
    .replace(/^ParseError: /, "SyntaxError: ")
    .trim()
    .split("\n");
  const place = placeIn(more.join("\n"), cwd) ?? placeIn(stack ?? "", cwd) ?? file.name;
  const name =
    error instanceof Error && error.name !== "Error" && !said.startsWith(error.name)
      ? `${error.name}: `
      : "";
  return notLoaded(file, `${place}: ${name}${said.trim().slice(0, MAX_SAID)}`, "", error);
}

function notLoaded(file: ModuleFile, problem: string, hint: string, cause: unknown): CliError {
  const where = problem.startsWith(file.name) ? "" : `${file.name} can't be loaded. `;
  return new CliError(
    "PIPELINES_NOT_LOADED",
    `${where}${problem}${/[.!?]$/.test(problem) ? "" : "."}`,
    hint,
    { cause },
  );
}

interface Missing {
  readonly name: string;
  readonly from: string;
}

/** Which module is missing, and which file asks for it. */
function missingOf(error: unknown): Missing | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, requireStack } = error as {
    readonly code?: unknown;
    readonly requireStack?: unknown;
  };
  if (code !== "MODULE_NOT_FOUND" && code !== "ERR_MODULE_NOT_FOUND") return undefined;
  const name = /^Cannot find (?:module|package) '([^']+)'/.exec(error.message)?.[1];
  const from: unknown = Array.isArray(requireStack) ? requireStack[0] : undefined;
  return name !== undefined && typeof from === "string" ? { name, from } : undefined;
}

/** The first place that is neither of Node nor of something installed. */
function placeIn(text: string, cwd: string): string | undefined {
  for (const [, path = "", line] of text.matchAll(PLACE)) {
    if (FOREIGN.test(path)) continue;
    const plain = path.startsWith("file:") ? fileURLToPath(path) : path;
    return `${shownPath(plain, cwd)}:${line}`;
  }
  return undefined;
}
