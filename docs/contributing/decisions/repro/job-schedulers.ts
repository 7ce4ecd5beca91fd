// Reproduces what decision 1 says of BullMQ's Job Schedulers. Run it with `npx tsx docs/contributing/decisions/repro/job-schedulers.ts`.
import { setTimeout as wait } from "node:timers/promises";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { startRedis } from "../../../../scripts/redis-server.ts";

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

async function droppedBehindASlowRun(connection: Redis): Promise<void> {
  const queue = new Queue("slow", { connection });
  let runs = 0;
  const run = async (): Promise<void> => {
    runs += 1;
    await wait(2.5 * EVERY_MS);
  };
  const worker = new Worker("slow", run, { connection });
  await queue.upsertJobScheduler("ticking", { every: EVERY_MS });
  await wait(15 * EVERY_MS);
  const { delayed = 0, waiting = 0 } = await queue.getJobCounts();
  console.log(`15 intervals, one run at a time: ${runs} runs, ${delayed + waiting} waiting`);
  await queue.removeJobScheduler("ticking");
  await worker.close();
  await queue.close();
}

async function ranPastItsEnd(connection: Redis): Promise<void> {
  const queue = new Queue("end", { connection });
  const endDate = Date.now() + 5 * EVERY_MS;
  let late = 0;
  const run = async (): Promise<void> => {
    if (Date.now() > endDate) late += 1;
  };
  const worker = new Worker("end", run, { connection });
  await queue.upsertJobScheduler("ending", { every: 1.5 * EVERY_MS, endDate });
  await wait(15 * EVERY_MS);
  console.log(`after its endDate: ${late} more run`);
  await worker.close();
  await queue.close();
}

async function endedByItsStrategy(connection: Redis): Promise<void> {
  // Rounds down, and so names the slot that it is asked in.
  const repeatStrategy = (now: number): number => Math.floor(now / EVERY_MS) * EVERY_MS;
  const settings = { repeatStrategy };
  const queue = new Queue("strategy", { connection, settings });
  let runs = 0;
  const worker = new Worker("strategy", async () => void (runs += 1), { connection, settings });
  await queue.upsertJobScheduler("odd", { pattern: "own" });
  await wait(15 * EVERY_MS);
  const listed = (await queue.getJobSchedulers()).length;
  const { delayed = 0, waiting = 0 } = await queue.getJobCounts();
  console.log(
    `a strategy that gives the current slot: ${runs} runs in 15 intervals, ${delayed + waiting} waiting, ${listed} scheduler still listed`,
  );
  await worker.close();
  await queue.close();
}

await using server = await startRedis();
const connection = new Redis(server.url, { maxRetriesPerRequest: null });
await missedWhileNoWorkerRan(connection);
await runsBesideItself(connection);
await droppedBehindASlowRun(connection);
await ranPastItsEnd(connection);
await endedByItsStrategy(connection);
connection.disconnect();
