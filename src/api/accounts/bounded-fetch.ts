import type { Clock } from "../../core/clock.ts";
import type { FetchImplementation } from "jose";

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
      return new Response(await readUpTo(answer), { status: answer.status });
    } catch (error) {
      failedAt = clock.elapsed();
      throw error;
    }
  };
}

async function readUpTo(answer: Response): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.byteLength;
    if (size > MAX_BYTES) throw new Error(`the answer has more than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
