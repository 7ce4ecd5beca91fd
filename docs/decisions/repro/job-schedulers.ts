// Reproduces what decision 1 says of BullMQ's Job Schedulers. Run it with `npx tsx docs/decisions/repro/job-schedulers.ts`.
import { setTimeout as wait } from "node:timers/promises";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { startRedis } from "../../../scripts/redis-server.ts";

const EVERY_MS = 200;

async function missedWhileNoWorkerRan(connection: Redis): Promise<void> {
  const queue = new Queue("outage", { connection });
  await queue.upsertJobScheduler("ticking", { every: EVERY_MS });
  await wait(10 * EVERY_MS);
  let fired = 0;
  const worker = new Worker("outage", async () => void (fired += 1), { connection });
  await wait(EVERY_MS / 2);
  console.log(`no worker for 10 intervals: ${fired} run made up for, no record of the others`);
  await worker.close();
  await queue.close();
}

async function runsBesideItself(connection: Redis): Promise<void> {
  const queue = new Queue("overlap", { connection });
  let running = 0;
  let most = 0;
  const run = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await wait(5 * EVERY_MS);
    running -= 1;
  };
  const worker = new Worker("overlap", run, { connection, concurrency: 10 });
  await queue.upsertJobScheduler("slow", { every: EVERY_MS });
  await wait(10 * EVERY_MS);
  console.log(`a run five times as long as its interval: up to ${most} at once`);
  await queue.removeJobScheduler("slow");
  await worker.close();
  await queue.close();
}

await using server = await startRedis();
const connection = new Redis(server.url, { maxRetriesPerRequest: null });
await missedWhileNoWorkerRan(connection);
await runsBesideItself(connection);
connection.disconnect();
