import { PipelineScheduler } from "cronduit";
import { Fleet } from "./fleet.ts";
import { Screen } from "./screen.ts";
import type { Stage } from "./stage.ts";
import { begin, conclude, KILL_AFTER_MS, nextBeginning, until, watchStarted } from "./story.ts";

/**
 * The demo on your server: this process schedules, two others execute. One of them is killed in the middle of a run.
 * @returns Whether the account adds up.
 */
export async function playOnServer(stage: Stage, signal: AbortSignal): Promise<boolean> {
  const fleet = new Fleet();
  const screen = new Screen(stage.begunAt, (id) => fleet.nameOf(id));
  try {
    await using scheduler = new PipelineScheduler({
      connection: stage.connection,
      prefix: stage.prefix,
      worker: false,
    });
    const isRunning = watchStarted(scheduler);
    scheduler.addListener(screen.show);
    screen.say("starting a scheduler and two worker processes");
    await scheduler.start();
    screen.say(`engine: ${scheduler.engine}`);
    await fleet.start(2, stage);
    screen.say("two worker processes take runs");

    const act = { scheduler, folder: stage.folder, from: nextBeginning(), signal };
    await begin(act);
    const victim = await isRunning;
    await until(KILL_AFTER_MS, act);
    screen.say(`SIGKILL to ${fleet.nameOf(victim)}, in the middle of "watch"`);
    await fleet.kill(victim);
    return await conclude(act, screen);
  } finally {
    await fleet.stop();
  }
}
