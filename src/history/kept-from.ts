import type { EpochMs } from "../core/clock.ts";
import type { Engine } from "../engine/port/engine.ts";
import type { Epochs } from "../jobs/account/epochs.ts";

/** What is kept of a removed job whose runs end later, whatever its own retention was. */
const KEPT_OF_REMOVED = { count: 1_000, ageMs: 7 * 86_400_000 };

/** From which fire times on a ledger is whole. */
export interface KeptFrom {
  /** Rows of earlier fire times may have been dropped by the job's retention. */
  readonly retentionFrom: EpochMs;
  /** Rows of earlier fire times were deleted on request. */
  readonly cleanedTo: EpochMs;
}

/**
 * Finds what a job's ledger may have dropped. The retention of each time since then counts, for as long as it was in force.
 * @param since The first fire time of interest.
 */
export async function keptFrom(
  engine: Pick<Engine, "ledger" | "now">,
  jobId: string,
  { epochs }: Epochs,
  since: EpochMs,
): Promise<KeptFrom> {
  const { ledger } = engine;
  const instant = await engine.now();
  const isRemoved = !epochs.some(({ until }) => until === Infinity);
  const inForce = epochs
    .filter(({ until }) => until >= since)
    .flatMap(({ definition, until }) =>
      definition ? [{ ...definition.retention, until: Math.min(until, instant) }] : [],
    );
  if (isRemoved) inForce.push({ ...KEPT_OF_REMOVED, until: instant });
  const byAge = Math.max(...inForce.map(({ until, ageMs }) => until - ageMs), -Infinity);
  const fewest = Math.min(...inForce.map(({ count }) => count));
  const all = { jobId, fromAt: -Number.MAX_SAFE_INTEGER, toAt: Number.MAX_SAFE_INTEGER };
  const [full] = await ledger.read({ ...all, offset: fewest - 1, limit: 1, order: "latest" });
  const [oldest] = full ? await ledger.read({ ...all, offset: 0, limit: 1, order: "oldest" }) : [];
  return {
    retentionFrom: Math.max(byAge, oldest?.fireAt ?? -Infinity),
    cleanedTo: (await ledger.cleanedTo(jobId)) ?? -Infinity,
  };
}
