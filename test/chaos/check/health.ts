import type { History } from "../history/history.ts";

/**
 * How long the fleet may take to recover from a fault: lock, stalled check, two passes of the reconciler, takeover of a
 * lease, and reconnecting, with the harness's settings.
 */
export const RECOVERY_MS = 10_000;
/** After a moment in which a process got no CPU, or the server was slow to answer something small. */
const AFTER_STALL_MS = 2_000;

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** When the fleet must work: no fault now, and none within the preceding recovery time. */
export class Health {
  readonly #sick: readonly Stretch[];

  constructor({ faults, stalls, slowness }: Pick<History, "faults" | "stalls" | "slowness">) {
    this.#sick = merge([
      ...faults.map(({ from, to }) => ({ from, to: to + RECOVERY_MS })),
      ...[...stalls, ...slowness].map(({ from, to }) => ({ from, to: to + AFTER_STALL_MS })),
    ]);
  }

  /** How many milliseconds of [`from`, `to`] were healthy. */
  healthyMs(from: number, to: number): number {
    let ms = Math.max(0, to - from);
    for (const sick of this.#sick)
      ms -= Math.max(0, Math.min(to, sick.to) - Math.max(from, sick.from));
    return Math.max(0, ms);
  }

  /** The instant when `ms` of healthy time have passed since `at`. */
  after(at: number, ms: number): number {
    let left = ms;
    let now = at;
    for (const sick of this.#sick) {
      if (sick.to <= now) continue;
      const healthyMs = Math.max(0, sick.from - now);
      if (healthyMs >= left) return now + left;
      left -= healthyMs;
      now = sick.to;
    }
    return now + left;
  }

  /** The latest instant with `ms` of healthy time between it and `at`. */
  before(at: number, ms: number): number {
    let left = ms;
    let now = at;
    for (const sick of this.#sick.toReversed()) {
      if (sick.from >= now) continue;
      const healthyMs = Math.max(0, now - sick.to);
      if (healthyMs >= left) return now - left;
      left -= healthyMs;
      now = sick.from;
    }
    return now - left;
  }
}

function merge(stretches: readonly Stretch[]): Stretch[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of stretches.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}
