// The demo's application without a server: one process that schedules and executes, with an embedded database.
// main.ts starts it, kills it in the middle of a run, and restarts it.
import { PipelineScheduler } from "cronduit";
import { pipelines } from "./pipelines.ts";
import { Screen } from "./screen.ts";
import { removeWorkspace, type Workspace } from "./workspace.ts";
import { begin, finish, declare, nextBeginning, TUNING, watchStarted } from "./sequence.ts";

/** Arguments from main.ts, as plain JSON. */
export interface ApplicationOptions {
  readonly workspace: Workspace;
  /** The process's name. */
  readonly name: string;
  /** When jobs are first due; absent on the first start. */
  readonly from?: number;
}

/** A run is under way: kill me now. */
export interface Ready {
  readonly from: number;
}

const { workspace, name, from: began } = JSON.parse(process.argv[2] ?? "{}") as ApplicationOptions;

// The demo was killed, so nobody else cleans up.
const tidyUp = (): void => void removeWorkspace(workspace).finally(() => process.exit(1));
process.once("disconnect", tidyUp);

async function play(): Promise<boolean> {
  const screen = new Screen(workspace.begunAt, () => name);
  await using scheduler = new PipelineScheduler({
    connection: workspace.connection,
    prefix: workspace.prefix,
    pipelines,
    worker: TUNING,
  });
  scheduler.addListener(screen.show);
  const isRunning = watchStarted(scheduler);
  await scheduler.start();
  const from = began ?? nextBeginning();
  const demo = { scheduler, folder: workspace.folder, from };

  if (began === undefined) {
    screen.say(`engine: ${scheduler.engine}; to use a server, set REDIS_URL or DATABASE_URL`);
    screen.say(`${name} (pid ${process.pid}) schedules and executes`);
    await Promise.all([begin(demo), isRunning]);
    process.send?.({ from } satisfies Ready);
    // main.ts kills it.
    return await new Promise<never>(() => undefined);
  }
  // As at every start of an application: the jobs exist, so this changes nothing.
  await declare(demo);
  const { jobs } = await scheduler.getJobs();
  const paused = jobs.filter(({ state }) => state === "paused").map(({ id }) => id);
  screen.say(
    `${name} (pid ${process.pid}): found ${jobs.length} jobs, paused: ${paused.join(", ")}`,
  );
  return await finish(demo, screen);
}

try {
  process.exitCode = (await play()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
process.off("disconnect", tidyUp);
process.disconnect();
