import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Gatherer } from "../../config/folder/gatherer.ts";
import type { Call } from "../call.ts";
import { CliError } from "../cli-error.ts";
import { choose, confirm } from "../confirm.ts";
import { DEV_FOLDER } from "../connect/socket-path.ts";
import { type FileSettings, fileSettings } from "../daemon/file-settings.ts";
import { harmless } from "../output/harmless.ts";
import { Approvals, describeTasks, digestOfTasks } from "./approval.ts";
import { writeExamples } from "./example-files.ts";
import { problemsOf } from "./outcome-lines.ts";

const CONFIG = "cronduit.toml";
const JOBS_DIR = "jobs.d";

/** A folder whose jobs may run. */
export interface ReadyFolder {
  readonly files: FileSettings;
  /** How many jobs the files have. */
  readonly jobs: number;
  /** Where the jobs come from, for people. */
  readonly where: string;
  /** Whether the examples were written just now. */
  readonly isNew: boolean;
  /** Notes that what the files have now may run. */
  readonly approve: () => Promise<void>;
}

/**
 * Makes a folder ready for `dev`: writes examples where there is nothing, and has whatever else would run agreed to.
 * @throws {@link CliError} `NOT_CONFIRMED`, `INVALID_FILE`
 */
export async function setUpFolder(call: Call): Promise<ReadyFolder> {
  const { io } = call;
  let files = filesOf(call);
  const isNew = !hasAny(files);
  if (isNew) {
    await offerExamples(call);
    files = { ...files, config: join(io.cwd, CONFIG) };
  }
  keepOutOfGit(join(io.cwd, DEV_FOLDER));
  const approvals = new Approvals(join(io.cwd, DEV_FOLDER, "approved.json"));
  const set = await gather(files, io.cwd);
  if (isNew) approvals.remember(digestOfTasks(set.jobs));
  const where = whereOf(files, io.cwd);
  if (set.jobs.length > 0 && !approvals.has(digestOfTasks(set.jobs))) {
    call.tell(
      `${harmless(where)} ${set.jobs.length === 1 ? "has a job" : `has ${set.jobs.length} jobs`} that would run as ${harmless(io.userName)}:`,
      ...describeTasks(set.jobs),
    );
    if (!(await confirm(call, "Run them?")))
      throw new CliError("NOT_CONFIRMED", "Nothing was started.", "cronduit validate");
    approvals.remember(digestOfTasks(set.jobs));
  }
  return {
    files,
    where,
    isNew,
    jobs: set.jobs.length,
    approve: async () => approvals.remember(digestOfTasks((await gather(files, io.cwd)).jobs)),
  };
}

/** What the settings name; without any, the folder `jobs.d` if it is there. */
function filesOf({ read, io }: Call): FileSettings {
  const usual = existsSync(join(io.cwd, JOBS_DIR)) ? JOBS_DIR : undefined;
  return fileSettings(read, io, usual);
}

function hasAny({ config, jobsDirs = [], crontabs = [] }: FileSettings): boolean {
  return config !== undefined || jobsDirs.length + crontabs.length > 0;
}

async function offerExamples(call: Call): Promise<void> {
  const question = `There are no jobs here. Write ${CONFIG} with two examples?`;
  const words = ["yes", "no"] as const;
  const isYes =
    call.read.values.yes || (await choose(call, { question, words, flag: "--yes" })) === "yes";
  if (!isYes)
    throw new CliError("NOT_CONFIRMED", "Nothing was written.", "cronduit dev --jobs-dir <folder>");
  writeExamples(join(call.io.cwd, CONFIG));
}

/** The state is nobody's source. */
function keepOutOfGit(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ignore = join(folder, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
}

async function gather(files: FileSettings, cwd: string) {
  const { jobsDirs = [], config, crontabs } = files;
  const { set } = await new Gatherer({ config, jobsDirs, crontabs }).gather();
  if (set.isValid) return set;
  const lines = problemsOf(set, cwd).map((line) => line.trim());
  throw new CliError(
    "INVALID_FILE",
    `The files are not valid, and nothing was started:\n${lines.join("\n")}\n`,
    "cronduit validate",
  );
}

function whereOf({ config, jobsDirs = [], crontabs = [] }: FileSettings, cwd: string): string {
  const paths = [
    ...(config === undefined ? [] : [config]),
    ...jobsDirs,
    ...crontabs.map(({ file }) => file),
  ];
  return paths
    .map((path) => {
      const near = relative(cwd, path);
      return near.startsWith("..") ? path : near;
    })
    .join(", ");
}
