import type { Clock } from "../../core/clock.ts";
import type { FetchImplementation } from "jose";
import { readUpTo } from "../edge/read-up-to.ts";

const MAX_BYTES = 262_144;
/** How long a server that does not answer is left alone. */
const PAUSE_MS = 10_000;

/** Fetches one URL: no redirects, 256 KiB at most, and not again at once after a failure. */
export function boundedFetch(url: URL, clock: Clock): FetchImplementation {
  let failedAt = Number.NEGATIVE_INFINITY;
  return async (_asked, { headers, signal }) => {
    if (clock.elapsed() - failedAt < PAUSE_MS) throw new Error("it did not answer just now");
    try {
      const answer = await fetch(url, { headers, signal, redirect: "error" });
      const body = await readUpTo(MAX_BYTES, answer.body);
      if (!body) throw new Error(`the answer has more than ${MAX_BYTES} bytes`);
      return new Response(body, { status: answer.status });
    } catch (error) {
      failedAt = clock.elapsed();
      throw error;
    }
  };
}
