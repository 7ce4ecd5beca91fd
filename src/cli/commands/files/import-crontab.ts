import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { counted } from "../../../core/counted.ts";
import { exportedOf, printJob } from "../../../config/export/print-job.ts";
import { MAX_FILE_BYTES } from "../../../config/file-limits.ts";
import { readSet } from "../../../config/read-set.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { EXIT } from "../../exit-codes.ts";
import { harmlessLines } from "../../output/harmless.ts";
import { systemReason } from "../../system-reason.ts";
import { problemLines } from "./problem-lines.ts";

/** `cronduit import crontab`: needs no fleet. */
export async function run(call: Call, path: string): Promise<number> {
  const content = path === "-" ? await readInput(call) : await readCrontab(call, path);
  const file = path === "-" ? "crontab" : path;
  const kind = call.flags["system"] === true ? "system-crontab" : "crontab";
  const set = await readSet([{ file, kind, content }]);
  call.tell(...problemLines(call, set.problems, [{ file, kind, content }]));
  if (!set.isValid) {
    call.tell("Nothing was written.");
    return EXIT.usage;
  }
  const jobs = set.jobs.toSorted((a, b) => a.line - b.line);
  for (const job of jobs) {
    const text = `# ${file}:${job.line}\n${printJob(exportedOf(job), "toml")}`;
    if (call.output === "table") call.print(...harmlessLines(text.trimEnd()), "");
    else call.printJson({ jobId: job.id, text });
  }
  call.tell(`${counted(jobs.length, "job")} of ${file}.`);
  return EXIT.ok;
}

async function readCrontab({ io }: Call, path: string): Promise<string> {
  try {
    return await readFile(resolve(io.cwd, path), "utf8");
  } catch (error) {
    throw new CliError("INVALID_FILE", `${path} can't be read: ${systemReason(error)}.`);
  }
}

async function readInput({ io }: Call): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of io.stdin) {
    const bytes = Buffer.from(part as Buffer | string);
    length += bytes.length;
    if (length > MAX_FILE_BYTES) throw new CliError("INVALID_FILE", "A crontab has at most 1 MB.");
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString("utf8");
}
