import { type Clock, keepAlive, sleep } from "../../core/clock.ts";
import { formatDuration } from "../../core/durations.ts";
import { CronduitError } from "../../core/errors.ts";
import type { Engine } from "../../engine/port/engine.ts";
import { parseQueueJobId } from "../../jobs/occurrence-id.ts";
import { setFleetPaused } from "../fleet-pause.ts";

/** How often to check whether runs have ended. */
const LOOK_MS = 100;
/**
 * Consecutive checks that must find nothing: a worker that checked for the pause just before it may still be about to
 * take something.
 */
const QUIET_LOOKS = 3;
const MAX_TOLD = 20;

/** What draining needs. */
export interface DrainParts {
  readonly engine: Pick<Engine, "events" | "ledger" | "now" | "queue" | "transfer">;
  readonly clock: Clock;
  readonly drainMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A fleet at a standstill. */
export interface StoppedFleet {
  /** Restores the fleet. */
  goOn(): Promise<void>;
}

/**
 * Pauses the fleet and waits until no worker executes anything. A run whose worker died or gave it back isn't waited
 * for, since nobody would take it during the pause.
 * @throws {@link CronduitError} `RUNS_UNFINISHED`; the fleet is then restored.
 */
export async function stopFleet(parts: DrainParts): Promise<StoppedFleet> {
  const { engine } = parts;
  const wasPaused = await engine.queue.isPaused();
  const goOn = async (): Promise<void> => {
    if (!wasPaused) await setFleetPaused(engine, false);
  };
  try {
    if (!wasPaused) await setFleetPaused(engine, true);
    await untilQuiet(parts);
  } catch (error) {
    await goOn().catch(() => undefined);
    throw error;
  }
  return { goOn };
}

async function untilQuiet({ engine, clock, drainMs, signal }: DrainParts): Promise<void> {
  const until = clock.elapsed() + drainMs;
  for (let quiet = 0; quiet < QUIET_LOOKS;) {
    signal?.throwIfAborted();
    const taken = await engine.transfer.listTaken(MAX_TOLD);
    quiet = taken.length === 0 ? quiet + 1 : 0;
    if (quiet === 0 && clock.elapsed() >= until) throw await unfinished(engine, taken, drainMs);
    if (quiet < QUIET_LOOKS) await keepAlive(sleep(clock, LOOK_MS, signal));
  }
}

async function unfinished(
  engine: Pick<Engine, "events" | "ledger" | "now" | "queue" | "transfer">,
  taken: readonly string[],
  drainMs: number,
): Promise<CronduitError> {
  const jobIds = new Set(taken.flatMap((id) => parseQueueJobId(id)?.jobId ?? []));
  const rows = await Promise.all([...jobIds].map((jobId) => engine.ledger.readOpenRuns(jobId)));
  const running = rows.flat().filter(({ state }) => state === "running");
  const runIds = (running.length > 0 ? running.map(({ id }) => id) : taken).slice(0, MAX_TOLD);
  return new CronduitError(
    "RUNS_UNFINISHED",
    `exportState: after ${formatDuration(drainMs)} these runs had not ended: ${runIds.join(", ")}. The fleet continues as before; wait for them, or allow more time with drain.`,
    { data: { runIds, drainMs } },
  );
}
