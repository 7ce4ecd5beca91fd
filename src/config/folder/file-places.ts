import { basename, dirname, join, normalize } from "node:path";
import type { FileKind } from "../read-set.ts";
import { isJobFileName } from "./open-folder.ts";

/** A crontab that is to be read. */
export interface CrontabPlace {
  readonly file: string;
  /** Whether each line names a user, as in `/etc/crontab`. */
  readonly isSystem: boolean;
}

/** Where the files of a source are. Paths are told and used for ids as they are given here. */
export interface FilePlaces {
  /** A TOML file with many jobs, such as `cronduit.toml`. */
  readonly config?: string | undefined;
  /** Folders with a file a job. */
  readonly jobsDirs: readonly string[];
  readonly crontabs?: readonly CrontabPlace[] | undefined;
}

/** A file that is to be read. */
export interface WantedFile {
  readonly path: string;
  readonly kind: FileKind;
  /** The folder of job files that it is in; absent: it was named. */
  readonly jobsDir?: string | undefined;
}

/** The files that were named, with their kinds. */
export function namedFiles({ config, crontabs = [] }: FilePlaces): WantedFile[] {
  return [
    ...(config === undefined ? [] : [{ path: normalize(config), kind: "toml" } as const]),
    ...crontabs.map(({ file, isSystem }) => ({
      path: normalize(file),
      kind: isSystem ? ("system-crontab" as const) : ("crontab" as const),
    })),
  ];
}

/** A file of a folder of job files. */
export function fileIn(jobsDir: string, name: string): WantedFile {
  return {
    path: join(jobsDir, name),
    kind: name.endsWith(".toml") ? "toml" : "json",
    jobsDir: normalize(jobsDir),
  };
}

/** What a path is to a source; `undefined`: nothing. */
export function wantedAt(places: FilePlaces, path: string): WantedFile | undefined {
  const there = normalize(path);
  const named = namedFiles(places).find((each) => each.path === there);
  if (named) return named;
  const folder = places.jobsDirs.find((dir) => normalize(join(dir, ".")) === dirname(there));
  return folder !== undefined && isJobFileName(basename(there))
    ? fileIn(folder, basename(there))
    : undefined;
}
