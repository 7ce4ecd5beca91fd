import type { Engine } from "../engine/port/engine.ts";
import type { Actor } from "../jobs/actor.ts";

/** Pauses or resumes the whole fleet, tells it by an event, and notes it. */
export async function setFleetPaused(
  engine: Pick<Engine, "changes" | "events" | "now" | "queue">,
  paused: boolean,
  by: Actor,
): Promise<void> {
  await engine.queue.setPaused(paused);
  const name = paused ? "SCHEDULER_PAUSED" : "SCHEDULER_RESUMED";
  await engine.events.append([{ name, at: await engine.now(), by }]);
  await engine.changes.note({ by, what: paused ? "fleet-paused" : "fleet-resumed" });
}
