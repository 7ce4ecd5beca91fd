import { type Clock, keepAlive, sleep } from "../../core/clock.ts";
import { formatDuration } from "../../core/durations.ts";
import { CronduitError } from "../../core/errors.ts";
import type { Engine } from "../../engine/port/engine.ts";
import type { Actor } from "../../jobs/actor.ts";
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
/** More runs than any fleet executes at a time. */
const MAX_TAKEN = 100_000;

/** What draining needs. */
export interface DrainParts {
  readonly engine: Pick<Engine, "changes" | "events" | "ledger" | "now" | "queue" | "transfer">;
  readonly clock: Clock;
  readonly drainMs: number;
  /** Whether runs may still be executed afterwards. */
  readonly isTolerant: boolean;
  readonly signal: AbortSignal | undefined;
  /** Who stops the fleet. */
  readonly by: Actor;
}

/** A fleet at a standstill. */
export interface StoppedFleet {
  /** The queue jobs of runs that are still executed. */
  readonly taken: ReadonlySet<string>;
  /** Restores the fleet. */
  goOn(): Promise<void>;
}

/**
 * Pauses the fleet and waits until no worker executes anything. A run whose worker died or gave it back isn't waited
 * for, since nobody would take it during the pause.
 * @throws {@link CronduitError} `RUNS_UNFINISHED`, unless that is tolerated; the fleet is then restored.
 */
export async function stopFleet(parts: DrainParts): Promise<StoppedFleet> {
  const { engine, by } = parts;
  const wasPaused = await engine.queue.isPaused();
  const goOn = async (): Promise<void> => {
    if (!wasPaused) await setFleetPaused(engine, false, by);
  };
  try {
    if (!wasPaused) await setFleetPaused(engine, true, by);
    return { goOn, taken: new Set(await untilQuiet(parts)) };
  } catch (error) {
    await goOn().catch(() => undefined);
    throw error;
  }
}

/** @returns what is still taken */
async function untilQuiet({
  engine,
  clock,
  drainMs,
  isTolerant,
  signal,
}: DrainParts): Promise<readonly string[]> {
  const until = clock.elapsed() + drainMs;
  for (let looks = 1, quiet = 0; ; looks += 1) {
    signal?.throwIfAborted();
    const taken = await engine.transfer.listTaken(isTolerant ? MAX_TAKEN : MAX_TOLD);
    quiet = taken.length === 0 ? quiet + 1 : 0;
    const isOver = quiet === 0 && clock.elapsed() >= until;
    if (isOver && !isTolerant) throw await unfinished(engine, taken, drainMs);
    if (quiet >= QUIET_LOOKS || (isOver && looks >= QUIET_LOOKS)) return taken;
    await keepAlive(sleep(clock, LOOK_MS, signal));
  }
}

async function unfinished(
  engine: Pick<Engine, "changes" | "events" | "ledger" | "now" | "queue" | "transfer">,
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
