import { FAULT_KINDS, type FaultKind } from "../history/history.ts";
import { CLIENT_TIMEOUT_MS, LOCK_MS, WORKER_TIMEOUT_MS } from "../program/settings.ts";
import type { Random } from "./random.ts";

/** A fault that is to be. */
export interface PlannedFault {
  /** Ms after the beginning. */
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly forMs: number;
  /** Which worker or scheduler, if it is free; else another. */
  readonly slot: number;
  /** Drawn for whatever choice the fault has. */
  readonly dice: number;
}

const FIRST_MS = 4_000;
/** Between bursts of faults, so that there is healthy time to be held to. */
const CALM_MS = 16_000;

const LENGTH_MS: Readonly<Record<FaultKind, readonly [number, number]>> = {
  "kill-worker": [200, 1_500],
  // Beyond the lock and the check for stalled runs: others take the runs over, and the process wakes up as a zombie.
  "stop-worker": [LOCK_MS + 2_500, LOCK_MS + 5_000],
  "block-loop": [LOCK_MS + 2_500, LOCK_MS + 4_000],
  "skew-clock": [4_000, 8_000],
  "kill-scheduler": [200, 2_000],
  "stop-scheduler": [2_000, 8_000],
  "restart-server": [0, 1_000],
  "freeze-server": [2_000, LOCK_MS + 2_000],
  "sleep-server": [1_000, LOCK_MS + 1_000],
  // Beyond what workers wait for an answer, and about what clients do.
  "hold-calls": [WORKER_TIMEOUT_MS + 1_000, CLIENT_TIMEOUT_MS + 1_000],
  "kill-connections": [0, 0],
  "slow-network": [2_000, 4_000],
  "cut-network": [500, 3_000],
  "delete-keys": [0, 0],
};

/**
 * Every kind once in each cycle, in two bursts with calm between them; a longer run has more cycles. All begin early enough
 * to be over at the end.
 */
export function planFaults(random: Random, forMs: number): PlannedFault[] {
  const faults: PlannedFault[] = [];
  const cycles = Math.max(1, Math.floor(forMs / 60_000));
  const cycleMs = (forMs - FIRST_MS) / cycles;
  const half = Math.ceil(FAULT_KINDS.length / 2);
  const calmMs = Math.min(CALM_MS, cycleMs / 3);
  // One calm between the bursts, one before the next cycle.
  const gapMs = (cycleMs - calmMs * (cycles > 1 ? 2 : 1)) / FAULT_KINDS.length;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    for (const [i, kind] of random.shuffle(FAULT_KINDS).entries()) {
      const calms = i >= half ? calmMs : 0;
      const [leastMs, mostMs] = LENGTH_MS[kind];
      faults.push({
        atMs: Math.round(
          FIRST_MS + cycle * cycleMs + i * gapMs + calms + random.next() * gapMs * 0.8,
        ),
        kind,
        forMs: random.int(leastMs, mostMs),
        slot: random.int(0, 1_000),
        dice: random.next(),
      });
    }
  }
  return faults.toSorted((a, b) => a.atMs - b.atMs);
}
