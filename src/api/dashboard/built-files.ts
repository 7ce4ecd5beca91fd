import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CronduitError } from "../../core/errors.ts";
import { here, isBundled } from "../../core/here.ts";
import { shownUpTo } from "../../core/shown.ts";

/** How a file may be compressed, the best first, and what its name ends in then. */
const ENCODINGS = [
  ["br", ".br"],
  ["gzip", ".gz"],
] as const;
const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A file as it is sent. */
export interface BuiltFile {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly encoding: string | undefined;
}

/** The files of the built dashboard. A name that was not there at the beginning leads to nothing, whatever it is. */
export class BuiltFiles {
  readonly #folder: string;
  readonly #names: ReadonlySet<string>;
  readonly #read = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

  /** @throws {@link CronduitError} `INVALID_OPTION` if there is no dashboard in the folder */
  constructor(given: string | undefined) {
    this.#folder = given ?? ownFolder();
    this.#names = namesIn(this.#folder);
  }

  /** The page that every path of the dashboard shows. */
  async page(): Promise<string> {
    return new TextDecoder().decode(await this.#readOnce("index.html"));
  }

  /** A file below `assets`, in the best form that a browser takes. @param accepted Its `Accept-Encoding`. */
  async asset(name: string, accepted: string): Promise<BuiltFile | undefined> {
    const path = `assets/${name}`;
    const type = TYPES[extname(name)];
    if (type === undefined || !this.#names.has(path)) return undefined;
    const taken = new Set(accepted.split(",").map((one) => one.trim()));
    const [encoding, ending = ""] =
      ENCODINGS.find(([how, end]) => taken.has(how) && this.#names.has(path + end)) ?? [];
    return { content: await this.#readOnce(path + ending), type, encoding };
  }

  #readOnce(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const known = this.#read.get(path);
    if (known) return known;
    const reading = readFile(join(this.#folder, path)).then((bytes) => new Uint8Array(bytes));
    this.#read.set(path, reading);
    // The disk may answer the next time.
    reading.catch(() => this.#read.delete(path));
    return reading;
  }
}

/** Beside this file in the package; where the repository builds it, if this is its source. */
function ownFolder(): string {
  if (isBundled())
    throw new CronduitError(
      "INVALID_OPTION",
      'createApi, option "dashboard.files": is missing, and this program was bundled: say where the files of cronduit/dist/dashboard are.',
      { data: { path: "dashboard.files" } },
    );
  const place = here().endsWith(".ts") ? "../../dist/dashboard" : "../dashboard";
  return fileURLToPath(new URL(place, here()));
}

function namesIn(folder: string): ReadonlySet<string> {
  try {
    const names = readdirSync(join(folder, "assets")).map((name) => `assets/${name}`);
    if (readdirSync(folder).includes("index.html")) return new Set(names);
  } catch {
    // What is missing is said below.
  }
  throw new CronduitError(
    "INVALID_OPTION",
    `createApi, option "dashboard.files": there is no built dashboard in ${shownUpTo(200, folder)}.`,
    { data: { path: "dashboard.files" } },
  );
}
