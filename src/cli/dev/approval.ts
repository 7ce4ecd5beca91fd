import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { DeclaredJob } from "../../config/jobs/declared-job.ts";
import { harmless } from "../output/harmless.ts";

/** Answers that are remembered. */
const MOST = 200;
/** Characters that a command is shown with. */
const SHOWN = 160;
/** Commands that are shown. */
const MOST_SHOWN = 30;

const approvedSchema = z.object({ digests: z.array(z.string().max(200)).max(MOST) });

/** What jobs do, without when: whoever said yes to it is not asked again. */
export function digestOfTasks(
  jobs: readonly Pick<DeclaredJob, "id" | "task" | "options">[],
): string {
  const tasks = jobs.map(({ id, task, options }) => [id, task, options["params"] ?? null]);
  return createHash("sha256").update(JSON.stringify(tasks)).digest("base64url");
}

/** The commands that the person at this machine let this folder's files run, by digest. */
export class Approvals {
  readonly #file: string;

  /** @param file In the folder of the state, which is this user's alone. */
  constructor(file: string) {
    this.#file = file;
  }

  has(given: string): boolean {
    return this.#read().includes(given);
  }

  remember(given: string): void {
    const digests = [given, ...this.#read().filter((each) => each !== given)].slice(0, MOST);
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    writeFileSync(this.#file, `${JSON.stringify({ digests })}\n`, { mode: 0o600 });
  }

  #read(): readonly string[] {
    try {
      return approvedSchema.parse(JSON.parse(readFileSync(this.#file, "utf8"))).digests;
    } catch {
      // Absent or broken: whoever is asked once more loses nothing.
      return [];
    }
  }
}

/** What jobs would run, a line each. */
export function describeTasks(jobs: readonly DeclaredJob[]): string[] {
  const width = Math.max(...jobs.slice(0, MOST_SHOWN).map(({ id }) => id.length));
  const lines = jobs
    .slice(0, MOST_SHOWN)
    .map((job) => `  ${harmless(job.id).padEnd(width)}  ${shown(describeTask(job))}`);
  const left = jobs.length - lines.length;
  return left > 0 ? [...lines, `  … and ${left} more`] : lines;
}

function describeTask({ task, options }: DeclaredJob): string {
  switch (task.type) {
    case "script":
      return `${task.program?.join(" ") ?? task.interpreter}: ${task.script}`;
    case "command":
      return task.command;
    case "pipeline":
      return `${task.name} ${JSON.stringify(options["params"] ?? {})}`;
  }
}

function shown(text: string): string {
  const line = harmless(text.trim());
  return line.length <= SHOWN ? line : `${line.slice(0, SHOWN - 1)}…`;
}
