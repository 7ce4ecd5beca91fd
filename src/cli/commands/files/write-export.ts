import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { counted } from "../../../core/counted.ts";
import { isCronduitError } from "../../../core/errors.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { EXIT } from "../../exit-codes.ts";
import { harmlessLines } from "../../output/harmless.ts";
import { systemReason } from "../../system-reason.ts";

/** `cronduit export` */
export async function run(call: Call): Promise<number> {
  const { flags } = call;
  const folder = flags["to"] === undefined ? undefined : resolve(call.io.cwd, String(flags["to"]));
  const form = folder === undefined ? "toml" : "json";
  const source = flags["of"] === undefined ? {} : { source: String(flags["of"]) };
  const client = await call.client();
  if (folder !== undefined)
    await inFolder(folder, () => mkdir(folder, { recursive: true, mode: 0o755 }));
  const names = new Set<string>();
  let [written, inexact]: [number, number] = [0, 0];
  let cursor: string | undefined;
  do {
    const query = { form, ...source, ...(cursor === undefined ? {} : { cursor }) } as const;
    const page = await client.exportFiles({ query });
    for (const { jobId, text, notes, isExact } of page.items) {
      written += 1;
      if (!isExact) inexact += 1;
      if (folder === undefined) writeText(call, { jobId, text });
      else {
        const path = join(folder, fileNameOf(jobId, names));
        await inFolder(path, () => writeFile(path, text, { flag: "wx", mode: 0o644 }));
      }
      if (folder !== undefined || !isExact)
        call.tell(...notes.map((note) => harmlessLines(`${jobId}: ${note}`).join(" ")));
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  const rest = inexact === 0 ? "" : ` ${counted(inexact, "job")} can't be written as they are.`;
  call.tell(
    `${counted(written, "job")} written${folder === undefined ? "" : ` to ${folder}`}.${rest}`,
  );
  return inexact === 0 ? EXIT.ok : EXIT.partial;
}

function writeText(call: Call, { jobId, text }: { jobId: string; text: string }): void {
  if (call.output === "table") call.print(...harmlessLines(text.trimEnd()), "");
  else call.printJson({ jobId, text });
}

/** A job's id as the name of a file; of two that look alike there, the second is numbered. */
function fileNameOf(jobId: string, taken: Set<string>): string {
  const name = jobId.replaceAll(/[^\p{L}\p{N}_.@+=~-]/gu, "-").replace(/^\.+/, "");
  for (let number = 1; ; number += 1) {
    const whole = `${name || "job"}${number === 1 ? "" : `-${number}`}.json`;
    if (taken.has(whole.toLowerCase())) continue;
    taken.add(whole.toLowerCase());
    return whole;
  }
}

async function inFolder(path: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (isCronduitError(error)) throw error;
    throw new CliError(
      "INVALID_FILE",
      `${path} can't be written: ${systemReason(error)}.`,
      "Name a folder that is empty or not there: --to exported.d",
    );
  }
}
