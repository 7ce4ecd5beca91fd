// A worker in its own process. It accepts `{ blockMs }` and `{ skewMs }`, and sends `{ ready: true }`.
import { type Logger, PipelineWorker } from "../../../src/index.ts";
import { startBareWorker } from "./bare-worker.ts";
import { installDefect } from "./defects.ts";
import { Journal, realNow, skewClock, watchStalls } from "./journal.ts";
import {
  CONCURRENCY,
  LOCK_MS,
  readSettings,
  STALLED_CHECK_MS,
  WORKER_TIMEOUT_MS,
} from "./settings.ts";
import { recordedWork } from "./work.ts";

const settings = readSettings();
const journal = new Journal(settings.dir, "worker");
const warn = (text: string, fields?: Readonly<Record<string, unknown>>): void => {
  const error = fields?.["error"];
  const why = error instanceof Error ? `: ${error.message}` : "";
  journal.write({ what: "warning", at: realNow(), text: `${text}${why}` });
};
const logger: Logger = { debug: () => undefined, info: () => undefined, warn, error: warn };

function setClock(ms: number): void {
  skewClock(ms);
  journal.write({ what: "skew", at: realNow(), shownMs: Date.now() - realNow() });
}

/** Blocks this thread: no timer fires, no lock is renewed. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

process.on("message", (message: { blockMs?: number; skewMs?: number }) => {
  if (message.skewMs !== undefined) setClock(message.skewMs);
  if (message.blockMs !== undefined) block(message.blockMs);
});
process.on("unhandledRejection", (error) => warn("unhandled", { error }));

watchStalls(journal);
if (settings.skewMs !== 0) setClock(settings.skewMs);
installDefect(settings);
if (settings.system === "bare") {
  await startBareWorker(settings, journal);
} else {
  const worker = new PipelineWorker({
    connection: settings.url,
    prefix: settings.prefix,
    pipelines: [recordedWork(journal)],
    logger,
    concurrency: CONCURRENCY,
    lock: LOCK_MS / 1_000,
    stalledCheck: STALLED_CHECK_MS / 1_000,
    signals: [],
    timeout: WORKER_TIMEOUT_MS / 1_000,
  });
  // The server may be away at the moment: the harness will start another process.
  await worker.start().catch((error: unknown) => {
    warn("start", { error });
    process.exit(1);
  });
}
process.send?.({ ready: true });
