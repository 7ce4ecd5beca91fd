import { FAULT_KINDS, type FaultKind } from "../history/history.ts";
import { CLIENT_TIMEOUT_MS, LOCK_MS, WORKER_TIMEOUT_MS } from "../program/settings.ts";
import type { Random } from "./random.ts";

/** A planned fault. */
export interface PlannedFault {
  /** Ms after the start. */
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly forMs: number;
  /** The preferred worker or scheduler; another if it is busy. */
  readonly slot: number;
  /** A random number for any choice within the fault. */
  readonly dice: number;
}

const FIRST_MS = 4_000;
/** Pause between bursts of faults, so that there is healthy time to judge. */
const CALM_MS = 16_000;

const LENGTH_MS: Readonly<Record<FaultKind, readonly [number, number]>> = {
  "kill-worker": [200, 1_500],
  // Longer than the lock and the check for stalled runs: others take over the runs, and the process wakes up as a zombie.
  "stop-worker": [LOCK_MS + 2_500, LOCK_MS + 5_000],
  "block-loop": [LOCK_MS + 2_500, LOCK_MS + 4_000],
  "skew-clock": [4_000, 8_000],
  "kill-scheduler": [200, 2_000],
  "stop-scheduler": [2_000, 8_000],
  "restart-server": [0, 1_000],
  "freeze-server": [2_000, LOCK_MS + 2_000],
  "sleep-server": [1_000, LOCK_MS + 1_000],
  // Longer than workers wait for an answer, and about as long as clients do.
  "hold-calls": [WORKER_TIMEOUT_MS + 1_000, CLIENT_TIMEOUT_MS + 1_000],
  "kill-connections": [0, 0],
  "slow-network": [2_000, 4_000],
  "cut-network": [500, 3_000],
  "delete-keys": [0, 0],
};

/**
 * Every kind once per cycle, in two bursts with calm in between; a longer run has more cycles. All start early enough
 * to be over at the end.
 */
export function planFaults(random: Random, forMs: number): PlannedFault[] {
  const faults: PlannedFault[] = [];
  const cycles = Math.max(1, Math.floor(forMs / 60_000));
  const cycleMs = (forMs - FIRST_MS) / cycles;
  const half = Math.ceil(FAULT_KINDS.length / 2);
  const calmMs = Math.min(CALM_MS, cycleMs / 3);
  // One calm between the bursts, another before the next cycle.
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
