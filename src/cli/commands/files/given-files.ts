import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { Gatherer } from "../../../config/folder/gatherer.ts";
import type { Problem } from "../../../config/file-problem.ts";
import type { JobSet, SetFile } from "../../../config/read-set.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { DEFAULT_JOBS_DIR, fileSettings } from "../../daemon/file-settings.ts";

/** The folder that is read if it is there and none is named. */
const USUAL = "jobs.d";

/** The job files that settings and flags name, as they are on this machine. */
export interface FilesHere {
  readonly source: string;
  readonly set: JobSet;
  /** With texts as their content. */
  readonly files: readonly (Omit<SetFile, "content"> & { readonly content: string })[];
}

/** Reads the job files that are meant. @throws {@link CliError} `USAGE` if none are */
export async function filesHere(call: Call): Promise<FilesHere> {
  const { read, io } = call;
  // Below where one works, or what the daemon reads.
  const usual = [join(io.cwd, USUAL), DEFAULT_JOBS_DIR].find((path) => existsSync(path));
  const { source = "files", config, jobsDirs = [], crontabs } = fileSettings(read, io, usual);
  if (config === undefined && jobsDirs.length + (crontabs?.length ?? 0) === 0)
    throw new CliError(
      "USAGE",
      "There are no job files here.",
      "Say which: --config cronduit.toml, --jobs-dir jobs.d, or --crontab my.cron.",
    );
  const gatherer = new Gatherer({ config, jobsDirs, crontabs }, true);
  const { set } = await gatherer.gather();
  const files = gatherer.contents.map(({ file, kind, content }) => ({
    file,
    kind,
    content: typeof content === "string" ? content : Buffer.from(content).toString("utf8"),
  }));
  return { source, set, files };
}

/** A path as it is seen from where the command runs, if it is below. */
export function near(path: string, cwd: string): string {
  const there = relative(cwd, path);
  return there === "" || there.startsWith("..") ? path : there;
}

/** The same of places in problems. */
export function nearProblem<P extends Pick<Problem, "file">>(problem: P, cwd: string): P {
  return { ...problem, file: near(problem.file, cwd) };
}
