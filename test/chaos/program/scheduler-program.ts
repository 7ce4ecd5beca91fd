// A scheduler, a client and a named listener in one process. It sends `{ ready: true }`, accepts `{ edit }`, retries it
// until the answer is definite, and sends `{ done: id }`.
import { setTimeout as delay } from "node:timers/promises";
import {
  EVENT_ALL,
  type Logger,
  PipelineScheduler,
  type SchedulerEvent,
} from "../../../src/index.ts";
import type { Heard } from "../history/history.ts";
import type { Edit } from "../history/job-spec.ts";
import { BareClient } from "./bare-client.ts";
import { type Client, CronduitClient } from "./client.ts";
import { installDefect } from "./defects.ts";
import { Journal, realNow, watchStalls } from "./journal.ts";
import { CLIENT_TIMEOUT_MS, readSettings, RECONCILE_MS } from "./settings.ts";
import { recordedWork } from "./work.ts";

const TRY_AGAIN_MS = 300;
const LISTENER = "chaos";

const settings = readSettings();
const journal = new Journal(settings.dir, "scheduler");
const warn = (text: string, fields?: Readonly<Record<string, unknown>>): void => {
  const error = fields?.["error"];
  const why = error instanceof Error ? `: ${error.message}` : "";
  journal.write({ what: "warning", at: realNow(), text: `${text}${why}` });
};
const logger: Logger = { debug: () => undefined, info: () => undefined, warn, error: warn };

function hear(event: SchedulerEvent): void {
  const heard: Omit<Heard, "pid"> = {
    at: realNow(),
    name: event.name,
    time: event.time.getTime(),
    ...(event.jobId === undefined ? {} : { job: event.jobId }),
    ...(event.runId === undefined ? {} : { run: event.runId }),
    ...(event.scheduledRunTime ? { fireAt: event.scheduledRunTime.getTime() } : {}),
    ...(event.attempt === undefined ? {} : { attempt: event.attempt }),
    ...(event.count === undefined ? {} : { count: event.count }),
    ...(event.reason === undefined ? {} : { reason: event.reason }),
  };
  journal.write({ what: "heard", heard });
}

async function openCronduit(): Promise<Client> {
  const scheduler = new PipelineScheduler({
    connection: settings.url,
    prefix: settings.prefix,
    pipelines: [recordedWork(journal)],
    worker: false,
    logger,
    reconcile: RECONCILE_MS / 1_000,
    timeout: CLIENT_TIMEOUT_MS / 1_000,
  });
  scheduler.addListener(hear, EVENT_ALL, { name: LISTENER });
  await scheduler.start();
  return new CronduitClient(scheduler);
}

let calls = 0;

/** Each attempt is a separate call: one without an answer may still have taken effect. */
async function carryOut(client: Client, edit: Edit): Promise<void> {
  for (;;) {
    const call = (calls += 1);
    journal.write({ what: "call", at: realNow(), edit, call });
    const { result, error, refused } = await client.apply(edit);
    journal.write({
      what: "answer",
      at: realNow(),
      call,
      result,
      ...(error === undefined ? {} : { error }),
      ...(refused && { refused }),
    });
    if (result !== "unknown") break;
    await delay(TRY_AGAIN_MS);
  }
  process.send?.({ done: edit.id });
}

process.on("unhandledRejection", (error) => warn("unhandled", { error }));
watchStalls(journal);
installDefect(settings);
const opening = settings.system === "bare" ? BareClient.open(settings) : openCronduit();
const client = await opening.catch((error: unknown) => {
  warn("start", { error });
  process.exit(1);
});
process.on("message", (message: { edit?: Edit }) => {
  if (message.edit) void carryOut(client, message.edit);
});
process.send?.({ ready: true });
