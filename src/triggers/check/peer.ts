import type { EpochMs } from "../../core/clock.ts";

/** Parses a six-field expression and returns one fire time per call; throws when it gives up. */
export type Peer = (expression: string, timezone: string, from: EpochMs) => () => EpochMs;

/** cron-parser, loaded on first use. */
export async function loadPeer(): Promise<Peer> {
  const { CronExpressionParser } = await import("cron-parser");
  return (expression, tz, from) => {
    const read = CronExpressionParser.parse(expression, { tz, currentDate: new Date(from) });
    return () => read.next().getTime();
  };
}

/** What a peer returned. */
export interface PeerTimes {
  readonly times: readonly EpochMs[];
  /**
   * The times are complete up to here: the requested end, or the last time before the peer gave up or reached the
   * limit.
   */
  readonly until: EpochMs;
  readonly gaveUp: boolean;
}

/** The fire times of a peer in (`from`, `until`], at most `limit`. */
export function peerTimes(
  next: () => EpochMs,
  { from, until, limit }: { from: EpochMs; until: EpochMs; limit: number },
): PeerTimes {
  const times: EpochMs[] = [];
  while (times.length < limit) {
    let at: EpochMs;
    try {
      at = next();
    } catch {
      return { times, until: times.at(-1) ?? from, gaveUp: true };
    }
    if (at > until) return { times, until, gaveUp: false };
    times.push(at);
  }
  return { times, until: times.at(-1) ?? until, gaveUp: false };
}
