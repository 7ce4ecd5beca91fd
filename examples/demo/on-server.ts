import { PipelineScheduler } from "cronduit";
import { Fleet } from "./fleet.ts";
import { Screen } from "./screen.ts";
import type { Workspace } from "./workspace.ts";
import { begin, finish, KILL_AFTER_MS, nextBeginning, until, watchStarted } from "./sequence.ts";

/**
 * The demo on your server: this process schedules, two others execute. One of them is killed in the middle of a run.
 * @returns Whether the account adds up.
 */
export async function runOnServer(workspace: Workspace, signal: AbortSignal): Promise<boolean> {
  const fleet = new Fleet();
  const screen = new Screen(workspace.begunAt, (id) => fleet.nameOf(id));
  try {
    await using scheduler = new PipelineScheduler({
      connection: workspace.connection,
      prefix: workspace.prefix,
      worker: false,
    });
    const isRunning = watchStarted(scheduler);
    scheduler.addListener(screen.show);
    screen.say("starting a scheduler and two worker processes");
    await scheduler.start();
    screen.say(`engine: ${scheduler.engine}`);
    await fleet.start(2, workspace);
    screen.say("two worker processes are ready");

    const demo = { scheduler, folder: workspace.folder, from: nextBeginning(), signal };
    await begin(demo);
    const victim = await isRunning;
    await until(KILL_AFTER_MS, demo);
    screen.say(`SIGKILL to ${fleet.nameOf(victim)}, in the middle of "watch"`);
    await fleet.kill(victim);
    return await finish(demo, screen);
  } finally {
    await fleet.stop();
  }
}
