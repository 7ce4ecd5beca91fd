import { createReadStream } from "node:fs";
import { fileURLToPath } from "node:url";
import type { EpochMs } from "../core/clock.ts";
import { CronduitError, isCronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import { CheckedState } from "../scheduler/transfer/checked-state.ts";
import { looksLikePath, type StateSource } from "../scheduler/transfer/state-lines.ts";

const WHERE = "createTestScheduler";

/** An exported state: its text or its lines, a stream, or the `file:` URL of where it is. */
export type TestState = StateSource | URL;

const AS_URL = 'new URL("production.ndjson", import.meta.url)';

/**
 * Reads a state to begin with.
 * @throws {@link CronduitError} `INVALID_STATE_FILE`; `INVALID_OPTION` for what is no state, and for a file that can't be
 * read; what a stream throws.
 */
export async function readState(state: TestState): Promise<CheckedState> {
  const source = sourceOf(state);
  try {
    return await CheckedState.read(source);
  } catch (error) {
    if (isCronduitError(error, "INVALID_STATE_FILE"))
      error.message = error.message.replace(/^importState/, `${WHERE}, option "state"`);
    throw error;
  }
}

function sourceOf(state: TestState): StateSource {
  if (state instanceof URL) return contentOf(state);
  if (typeof state === "string") {
    if (looksLikePath(state))
      throw refused(`${shown(state)} looks like a path. Give the text that is there, or ${AS_URL}`);
    return state;
  }
  if (Array.isArray(state) && state.every((line) => typeof line === "string")) return state;
  const isStream = typeof state === "object" && state !== null && Symbol.asyncIterator in state;
  if (isStream) return state;
  throw refused(
    `${shown(state)} is no state. Give its text, its lines, a stream, or the URL of a file`,
  );
}

/** @yields The content of a file, which is opened only when it is read: a failure before that would be nobody's. */
async function* contentOf(url: URL): AsyncGenerator<Uint8Array, void> {
  if (url.protocol !== "file:")
    throw refused(
      `${url.protocol}// is not where a file is. Give a file: URL, as ${AS_URL} makes it`,
    );
  try {
    yield* createReadStream(fileURLToPath(url)) as AsyncIterable<Uint8Array>;
  } catch (error) {
    const what =
      (error as NodeJS.ErrnoException).code === "ENOENT"
        ? `there is no file ${fileURLToPath(url)}`
        : `${url.href} can't be read: ${String(error)}`;
    throw refused(`${what}. Paths are relative to the test's file in ${AS_URL}`, error);
  }
}

function refused(problem: string, cause?: unknown): CronduitError {
  return new CronduitError("INVALID_OPTION", `${WHERE}, option "state": ${problem}.`, {
    data: { path: "state" },
    ...(cause === undefined ? {} : { cause }),
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
    `${WHERE}, option "now": ${new Date(now).toISOString()} is before ${header.exportedAt}, when the state was exported. Leave it out to begin then.`,
    { data: { path: "now" } },
  );
}
