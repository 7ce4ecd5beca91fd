import { CONCURRENCY, EVERY_MINUTE, loadPeer, type OnRun, type Peer } from "./peer.ts";

interface GraphileWorker {
  readonly makeWorkerUtils: (options: object) => Promise<{
    migrate(): Promise<void>;
    addJobs(jobs: readonly object[]): Promise<unknown>;
  }>;
  readonly parseCronItems: (items: readonly object[]) => unknown[];
  readonly run: (options: object) => Promise<unknown>;
  readonly Logger: new (factory: () => () => void) => object;
}

/** graphile-worker with a local queue and completion in batches, as its page on performance says. */
export async function graphilePeer(
  connectionString: string,
  loader: string,
  onRun: OnRun,
): Promise<Peer> {
  const { makeWorkerUtils, parseCronItems, run, Logger } = await loadPeer<GraphileWorker>(
    loader,
    "graphile-worker",
  );
  const logger = new Logger(() => () => undefined);
  const utils = await makeWorkerUtils({ connectionString, logger });
  let items: readonly object[] = [];
  return {
    open: () => utils.migrate(),
    fill: async (count) => {
      await utils.addJobs(Array.from({ length: count }, () => ({ identifier: "nothing" })));
    },
    start: async () => {
      await run({
        noHandleSignals: true,
        taskList: { nothing: async () => onRun() },
        parsedCronItems: parseCronItems(items),
        preset: {
          worker: {
            connectionString,
            logger,
            concurrentJobs: CONCURRENCY,
            maxPoolSize: CONCURRENCY + 2,
            localQueue: { size: 2 * CONCURRENCY },
            completeJobBatchDelay: 0,
          },
        },
      });
    },
    // Its schedules are given when it starts, and can't be changed while it runs.
    schedule: async (count) => {
      items = Array.from({ length: count }, (_, n) => ({
        task: "nothing",
        match: EVERY_MINUTE,
        identifier: `tick-${n}`,
      }));
      return "with-start";
    },
  };
}
