import { ApiError } from "../../api/client/api-error.ts";
import { sleep } from "../../core/clock.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { type SseMessage, sseMessages } from "./sse-messages.ts";

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;

/**
 * Follows a stream: when it breaks, it goes on where it was, until somebody stops it or it is over.
 * @param open Asks for the stream, after the message with this id.
 * @yields Each message.
 */
export async function* followStream(
  open: (ask: { readonly lastEventId?: string; readonly signal: AbortSignal }) => Promise<Response>,
  { signal, clock }: Pick<Io, "signal" | "clock">,
  from?: string,
): AsyncGenerator<SseMessage> {
  let lastEventId = from;
  for (
    let waitMs = FIRST_WAIT_MS;
    !signal.aborted;
    waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)
  ) {
    try {
      const response = await open({
        signal,
        ...(lastEventId === undefined ? {} : { lastEventId }),
      });
      // What it was about has ended.
      if (response.status === 204) return;
      for await (const message of sseMessages(response, signal)) {
        lastEventId = message.id ?? lastEventId;
        waitMs = FIRST_WAIT_MS;
        yield message;
      }
    } catch (error) {
      if (signal.aborted) return;
      // Before the first message it is no interruption, but a failure; and what is refused stays refused.
      if (lastEventId === undefined || isRefused(error)) throw error;
    }
    await sleep(clock, waitMs, signal);
  }
}

function isRefused(error: unknown): boolean {
  if (error instanceof CliError) return error.code !== "UNREACHABLE";
  return error instanceof ApiError && error.status < 500 && error.status !== 429;
}
