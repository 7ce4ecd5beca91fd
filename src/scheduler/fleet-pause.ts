import type { Engine } from "../engine/port/engine.ts";

/** Pauses or resumes the whole fleet, with the event for it. */
export async function setFleetPaused(engine: Engine, paused: boolean): Promise<void> {
  await engine.setPaused(paused);
  const name = paused ? "SCHEDULER_PAUSED" : "SCHEDULER_RESUMED";
  await engine.appendEvents([{ name, at: await engine.now() }]);
}
