import { createReadStream } from "node:fs";
import { fileURLToPath } from "node:url";
import type { EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import { CheckedState } from "../scheduler/transfer/checked-state.ts";
import type { StateSource } from "../scheduler/transfer/state-lines.ts";

/** An exported state: its text or its lines, a stream, or the `file:` URL of where it is. */
export type TestState = StateSource | readonly string[] | URL;

/**
 * Reads a state to begin with.
 * @throws {@link CronduitError} `INVALID_STATE_FILE`; `INVALID_OPTION` for a URL that is no file's; what the source throws.
 */
export async function readState(state: TestState): Promise<CheckedState> {
  if (typeof state === "string") return CheckedState.read(state);
  if (state instanceof URL) return CheckedState.read(contentOf(pathOf(state)));
  if (isLines(state)) return CheckedState.read(state.join("\n"));
  const isStream = typeof state === "object" && state !== null && Symbol.asyncIterator in state;
  if (isStream) return CheckedState.read(state);
  throw refused(
    `${shown(state)} is no state. Give its text, its lines, a stream, or the URL of a file`,
  );
}

/** @yields The content of a file, which is opened only when it is read: a failure before that would be nobody's. */
async function* contentOf(path: string): AsyncGenerator<Uint8Array, void> {
  yield* createReadStream(path) as AsyncIterable<Uint8Array>;
}

function isLines(state: TestState): state is readonly string[] {
  return Array.isArray(state);
}

function pathOf(url: URL): string {
  if (url.protocol === "file:") return fileURLToPath(url);
  throw refused(
    `${url.protocol}// is not where a file is. Give a file: URL, as new URL("production.ndjson", import.meta.url) makes it`,
  );
}

function refused(problem: string): CronduitError {
  return new CronduitError("INVALID_OPTION", `createTestScheduler, option "state": ${problem}.`, {
    data: { path: "state" },
  });
}

/**
 * When a test with a state begins: when the state was exported, or later, as if nothing had run in between.
 * @throws {@link CronduitError} `INVALID_OPTION`
 */
export function beginOf({ header }: CheckedState, now: EpochMs | undefined): EpochMs {
  const exportedAt = Date.parse(header.exportedAt);
  if (now === undefined || now >= exportedAt) return now ?? exportedAt;
  throw new CronduitError(
    "INVALID_OPTION",
    `createTestScheduler, option "now": ${new Date(now).toISOString()} is before ${header.exportedAt}, when the state was exported. Leave it out to begin then.`,
    { data: { path: "now" } },
  );
}
