import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { counted } from "../../../core/counted.ts";
import { lineLogger } from "../../../core/log.ts";
import { withoutPasswords } from "../../../core/shown.ts";
import { PipelineScheduler } from "../../../scheduler/pipeline-scheduler.ts";
import type { ImportSummary } from "../../../scheduler/transfer/import-state.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { confirm } from "../../confirm.ts";
import { EXIT } from "../../exit-codes.ts";
import { systemReason } from "../../system-reason.ts";

/** A connection, or a file with a state. */
type Place =
  | { readonly kind: "fleet"; readonly connection: string; readonly text: string }
  | { readonly kind: "file"; readonly path: string; readonly text: string };

/** It must restore a fleet that it paused. */
export const endsBySignal = true;

/** `cronduit move` */
export async function run(call: Call): Promise<number | void> {
  const { flags, read, io } = call;
  const given = flags["from"] ?? read.values.connection;
  if (typeof given !== "string")
    throw new CliError(
      "NO_FLEET",
      "Where from is not said.",
      "cronduit move --from embedded:///var/lib/cronduit --to postgres://127.0.0.1/app",
    );
  const [from, to] = [placeOf(given, io.cwd), placeOf(String(flags["to"]), io.cwd)];
  if (from.kind === "file" && to.kind === "file")
    throw new CliError("USAGE", "Both --from and --to are files: copy it.", "cp");
  const isCopy = flags["resume"] === true;
  const stays =
    from.kind === "file"
      ? ""
      : isCopy
        ? " The fleet goes on there."
        : " The fleet there is paused, and stays so.";
  call.tell(`All jobs and their history move from ${from.text} to ${to.text}.${stays}`);
  if (!(await confirm(call))) return EXIT.ok;
  const summary = await move(call, from, to);
  call.answer(summary ?? { to: to.text }, () =>
    summary ? summaryLines(summary) : [`Written to ${to.text}.`],
  );
}

async function move(call: Call, from: Place, to: Place): Promise<ImportSummary | undefined> {
  if (from.kind === "file")
    return withFleet(call, to, (target) => target.importState(reading(from.path)));
  return withFleet(call, from, async (source) => {
    const state = source.exportState({
      logs: call.flags["logs"] === true,
      resume: call.flags["resume"] === true,
      signal: call.io.signal,
    });
    if (to.kind === "fleet") return withFleet(call, to, (target) => target.importState(state));
    await write(to.path, state);
    return undefined;
  });
}

async function withFleet<T>(
  { read, io }: Call,
  place: Place,
  work: (scheduler: PipelineScheduler) => Promise<T>,
): Promise<T> {
  if (place.kind === "file") throw new Error("A file is no fleet.");
  const scheduler = new PipelineScheduler({
    connection: place.connection,
    prefix: read.values.prefix,
    worker: false,
    logger: lineLogger("warn", (line) => io.stderr.write(line)),
  });
  try {
    return await work(scheduler);
  } finally {
    await scheduler.shutdown({ wait: false });
  }
}

/** For its owner alone: it holds the params of all jobs. Nothing is overwritten. */
async function write(path: string, lines: AsyncIterable<string>): Promise<void> {
  const file = await open(path, "wx", 0o600).catch((error: unknown) => {
    throw new CliError(
      "INVALID_FILE",
      `${path} can't be written: ${systemReason(error)}.`,
      "Name a file that is not there yet.",
      { cause: error },
    );
  });
  try {
    for await (const line of lines) await file.write(line);
    await file.sync();
    await file.close();
  } catch (error) {
    // Half a state can't be imported.
    await file.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

function reading(path: string) {
  return createReadStream(path);
}

function placeOf(given: string, cwd: string): Place {
  if (/^[a-z][a-z+]+:/i.test(given) && !given.startsWith("file:"))
    return { kind: "fleet", connection: given, text: withoutPasswords(given) };
  const path = resolve(cwd, given);
  return { kind: "file", path, text: path };
}

function summaryLines(summary: ImportSummary): string[] {
  const { jobs, ledgerRows, documents, skipped } = summary;
  return [
    `Moved: ${counted(jobs, "job")}, ${counted(ledgerRows, "decision")}, ${counted(documents, "document")}.`,
    ...(skipped.length === 0
      ? []
      : [`Left out, since they are there already: ${skipped.join(", ")}`]),
  ];
}
