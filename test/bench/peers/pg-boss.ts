import { callMany, CONCURRENCY, EVERY_MINUTE, loadPeer, type OnRun, type Peer } from "./peer.ts";

interface Boss {
  on(event: "error", handler: (error: unknown) => void): void;
  start(): Promise<unknown>;
  createQueue(name: string, options: object): Promise<void>;
  insert(name: string, jobs: readonly object[]): Promise<unknown>;
  schedule(name: string, cron: string, payload: object, options: object): Promise<void>;
  work(
    name: string,
    options: object,
    handler: (jobs: unknown[]) => Promise<void>,
  ): Promise<unknown>;
}

const QUEUE = "nothing";

/** pg-boss with notifications, and jobs taken in batches. */
export async function pgBossPeer(
  connectionString: string,
  loader: string,
  onRun: OnRun,
): Promise<Peer> {
  const { PgBoss } = await loadPeer<{ PgBoss: new (options: object) => Boss }>(loader, "pg-boss");
  const boss = new PgBoss({ connectionString, useListenNotify: true });
  boss.on("error", (error) => console.error(error));
  return {
    open: async () => {
      await boss.start();
      await boss.createQueue(QUEUE, { notify: true });
    },
    fill: async (count) => {
      await boss.insert(
        QUEUE,
        Array.from({ length: count }, () => ({})),
      );
    },
    start: async () => {
      const options = { batchSize: CONCURRENCY, burstWhenBatchFull: true };
      await boss.work(QUEUE, options, async (jobs) => jobs.forEach(() => onRun()));
    },
    schedule: async (count) => {
      await callMany(count, (n) => boss.schedule(QUEUE, EVERY_MINUTE, {}, { key: `tick-${n}` }));
      return "declared";
    },
  };
}
