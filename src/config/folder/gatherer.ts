import { dirname, join, normalize } from "node:path";
import type { Finding, Problem } from "../file-problem.ts";
import { MAX_FILES } from "../file-limits.ts";
import {
  combineReads,
  type JobSet,
  type ReadOfSet,
  readSetFile,
  type SetFile,
} from "../read-set.ts";
import type { ReadFile } from "../jobs/declared-job.ts";
import { type FilePlaces, fileIn, namedFiles, type WantedFile, wantedAt } from "./file-places.ts";
import type { Held } from "./file-rights.ts";
import { openFile } from "./open-file.ts";
import { openFolder } from "./open-folder.ts";

/** Files that are read at the same time; the system has few threads for it. */
const AT_ONCE = 16;
/** How often a file is read that changes all the time. */
const MAX_TRIES = 5;

/** What was found on the disk. */
export interface Gathered {
  readonly set: JobSet;
  /** How many files there are. */
  readonly files: number;
  /** Whether anything is otherwise than when they were gathered last. */
  readonly isChanged: boolean;
  /** Which folders these are; equal as long as none was made anew. */
  readonly folders: string;
}

interface Known {
  readonly stamp: string | undefined;
  readonly read: ReadFile;
  /** Only if contents are kept. */
  readonly given?: SetFile;
}

/** Reads the files of a source, again and again: what has not changed is not read again. */
export class Gatherer {
  readonly #places: FilePlaces;
  readonly #keepsContents: boolean;
  #known = new Map<string, Known>();
  /** What is wrong with folders and with files that are missing. */
  #others: readonly Problem[] = [];
  #last: Gathered | undefined;

  /** @param keepsContents Whether the contents are wanted, too. */
  constructor(places: FilePlaces, keepsContents = false) {
    this.#places = places;
    this.#keepsContents = keepsContents;
  }

  /** The files that were read last, if contents are kept. */
  get contents(): readonly SetFile[] {
    return [...this.#known.values()].flatMap(({ given }) => given ?? []);
  }

  /** How many files each gathering opened, for those who look at what it costs. */
  opened = 0;

  /**
   * Looks at all files, or only at some.
   * @param paths Those that may have changed; absent: any may have.
   */
  async gather(paths?: readonly string[]): Promise<Gathered> {
    const isPart = paths !== undefined && this.#last !== undefined && this.#others.length === 0;
    const isChanged = isPart ? await this.#readSome(paths) : await this.#readAll();
    if (this.#last && !isChanged) {
      this.#last = { ...this.#last, isChanged: false };
      return this.#last;
    }
    const reads: ReadOfSet[] = [...this.#known].map(([file, { read }]) => ({ file, read }));
    this.#last = {
      set: combineReads(reads, this.#others),
      files: reads.length,
      isChanged: true,
      folders: this.#folders,
    };
    return this.#last;
  }

  #folders = "";

  async #readAll(): Promise<boolean> {
    const others: Problem[] = [];
    const wanted: { file: WantedFile; folder: Held }[] = [];
    const folders: string[] = [];
    for (const dir of this.#places.jobsDirs) {
      const opened = await openFolder(dir, "folder");
      if ("finding" in opened) {
        others.push(problemWith(dir, opened.finding));
        continue;
      }
      folders.push(opened.identity);
      for (const name of opened.folders) others.push(problemWith(join(dir, name), notRead));
      for (const name of opened.names)
        wanted.push({ file: fileIn(dir, name), folder: opened.held });
    }
    for (const file of namedFiles(this.#places)) {
      const opened = await openFolder(dirname(file.path), "parent");
      if ("held" in opened) wanted.push({ file, folder: opened.held });
      else if (opened.finding.code === "MISSING_FOLDER") others.push(problemWith(file.path, gone));
      else others.push(problemWith(dirname(file.path), opened.finding));
    }
    const before = this.#known;
    const known = new Map<string, Known>();
    // More than allowed are refused without being read.
    const isTooMany = wanted.length > MAX_FILES;
    let isChanged = false;
    await inParallel(wanted, async ({ file, folder }) => {
      const was = before.get(file.path);
      const read = isTooMany ? unread : await this.#readOne(file, folder, was);
      if (read === undefined) {
        if (file.jobsDir === undefined) others.push(problemWith(file.path, gone));
        return;
      }
      known.set(file.path, read);
      if (read !== was) isChanged = true;
    });
    others.sort((a, b) => (a.file < b.file ? -1 : 1));
    const sameOthers = JSON.stringify(others) === JSON.stringify(this.#others);
    const isSame = !isChanged && sameOthers && known.size === before.size;
    this.#known = known;
    this.#others = others;
    const identity = folders.join(" ");
    const isSameFolders = identity === this.#folders;
    this.#folders = identity;
    return !(isSame && isSameFolders);
  }

  async #readSome(paths: readonly string[]): Promise<boolean> {
    let isChanged = false;
    for (const path of new Set(paths.map((each) => normalize(each)))) {
      const file = wantedAt(this.#places, path);
      if (!file) continue;
      const as = file.jobsDir === undefined ? "parent" : "folder";
      const opened = await openFolder(dirname(file.path), as, false);
      // Something is wrong with the folder itself.
      if ("finding" in opened) return this.#readAll();
      const was = this.#known.get(file.path);
      const read = await this.#readOne(file, opened.held, was);
      if (read === was) continue;
      if (read === undefined && file.jobsDir === undefined) return this.#readAll();
      isChanged = true;
      if (read) this.#known.set(file.path, read);
      else this.#known.delete(file.path);
    }
    return isChanged;
  }

  /** @returns `was` if it is as it was; `undefined` if it is gone */
  async #readOne(
    file: WantedFile,
    folder: Held,
    was: Known | undefined,
  ): Promise<Known | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const place = { path: file.path, root: file.jobsDir, folder };
      const found = await openFile(place, was?.stamp);
      if (found === "same") return was;
      if (found === "gone") return undefined;
      if (found === "moving") continue;
      this.opened += 1;
      if ("finding" in found) {
        const problems = [problemWith(file.path, found.finding)];
        return { stamp: found.stamp, read: { jobs: [], problems } };
      }
      const { content, stamp } = found;
      const given = { file: file.path, kind: file.kind, content };
      const read = await readSetFile(given);
      return { stamp, read, ...(this.#keepsContents ? { given } : {}) };
    }
    return { stamp: undefined, read: { jobs: [], problems: [problemWith(file.path, moving)] } };
  }
}

const unread: Known = { stamp: undefined, read: { jobs: [], problems: [] } };
const gone: Finding = {
  code: "MISSING_FILE",
  message: "There is no such file.",
  hint: "Make it; an empty one declares no jobs.",
};
const moving: Finding = {
  code: "UNREADABLE",
  message: "It changes all the time while it is read.",
};
const notRead: Finding = {
  code: "IGNORED",
  severity: "warning",
  message: "Folders in a folder of job files are not read.",
  hint: "Name it as a folder of job files, too.",
};

/** A problem with a file as a whole. */
export function problemWith(file: string, finding: Finding): Problem {
  const { code, message, hint, severity = "error" } = finding;
  const place = { file, line: 1, column: 1, endColumn: 2 };
  return { ...place, severity, code, message, ...(hint === undefined ? {} : { hint }) };
}

async function inParallel<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  let at = 0;
  const work = async (): Promise<void> => {
    for (let item = items[at++]; item !== undefined; item = items[at++]) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
