import type { EpochMs } from "../../core/clock.ts";

/** Reads an expression of six fields, and tells one fire time after another; throws where it gives up. */
export type Peer = (expression: string, timezone: string, from: EpochMs) => () => EpochMs;

/** cron-parser, loaded when it is asked for the first time. */
export async function loadPeer(): Promise<Peer> {
  const { CronExpressionParser } = await import("cron-parser");
  return (expression, tz, from) => {
    const read = CronExpressionParser.parse(expression, { tz, currentDate: new Date(from) });
    return () => read.next().getTime();
  };
}

/** What a peer answered. */
export interface PeerTimes {
  readonly times: readonly EpochMs[];
  /** Up to here it said all: the end that was asked for, or the last time before it gave up or there were too many. */
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
