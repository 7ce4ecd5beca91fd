import { setTimeout as delay } from "node:timers/promises";
import { type Job, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { Work } from "../history/job-spec.ts";
import { type Journal, realNow } from "./journal.ts";
import { CONCURRENCY, LOCK_MS, type ProgramSettings, STALLED_CHECK_MS } from "./settings.ts";

/** The queue of the bare system. */
export const BARE_QUEUE = "bare";

/** A bare queue job's data: the same as our params. */
export interface BareData extends Work {
  readonly job: string;
  readonly rev: number;
}

/** A connection that reconnects as fast as ours. */
export function bareConnection(url: string): Redis {
  const connection = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  });
  connection.on("error", () => undefined);
  return connection;
}

/** A plain BullMQ worker with the same settings as ours, and the same work. */
export async function startBareWorker(settings: ProgramSettings, journal: Journal): Promise<void> {
  const worker = new Worker<BareData>(BARE_QUEUE, (job) => perform(job, journal), {
    connection: bareConnection(settings.url),
    prefix: settings.prefix,
    concurrency: CONCURRENCY,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    // As generous as ours, which goes by the number of crashes.
    maxStalledCount: 1_000,
    removeOnComplete: { count: 0 },
    runRetryDelay: 1_000,
  });
  worker.on("error", (error) =>
    journal.write({ what: "warning", at: realNow(), text: error.message }),
  );
  await worker.waitUntilReady();
}

async function perform(job: Job<BareData>, journal: Journal): Promise<void> {
  const { data, id: run = "", attemptsStarted: attempt } = job;
  const dueAt = job.timestamp + (job.opts.delay ?? 0);
  journal.write({
    what: "start",
    at: realNow(),
    job: data.job,
    run,
    attempt,
    fireAt: dueAt,
    dueAt,
    admittedAt: realNow(),
    rev: data.rev,
    act: data.act,
  });
  await delay(data.ms);
  journal.write({ what: "end", at: realNow(), run, attempt, ok: data.act !== "fail" });
}
