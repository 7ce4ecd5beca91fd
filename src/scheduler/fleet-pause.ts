import type { Engine } from "../engine/port/engine.ts";

/** Stops the whole fleet from starting runs, or lets it go on, and tells of it. */
export async function setFleetPaused(engine: Engine, paused: boolean): Promise<void> {
  await engine.setPaused(paused);
  const name = paused ? "SCHEDULER_PAUSED" : "SCHEDULER_RESUMED";
  await engine.appendEvents([{ name, at: await engine.now() }]);
}
