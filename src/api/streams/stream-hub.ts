import { Buffer } from "node:buffer";
import type { CancelTimer, Clock } from "../../core/clock.ts";
import { CronduitError, isCronduitError } from "../../core/errors.ts";
import type { QuotaLimits } from "../accounts/quota-limits.ts";
import type { Caller } from "../caller.ts";
import { SseStream, type StreamSource } from "./sse-stream.ts";

const PULSE_MS = 500;
/** How often it is looked whether a client may still see what it sees. */
const RECHECK_MS = 30_000;
/** How long a client waits before it comes back. */
const RETRY_MS = 2_000;

/** Who asks for a stream. */
export interface StreamCaller {
  readonly caller: Caller;
  /** Who sent the request, looked up again. */
  readonly again: () => Promise<Caller | undefined>;
}

/** How many streams an account may have. */
export type StreamQuota = Pick<QuotaLimits, "streams"> & { readonly owner: string };

/** How many streams there may be. */
export interface StreamLimits {
  readonly streams: number;
  readonly streamsPerCaller: number;
}

interface Open {
  readonly stream: SseStream;
  readonly who: StreamCaller;
  recheckAt: number;
}

/** The open streams of a process. One timer serves them all, and only while there are any. */
export class StreamHub {
  readonly #clock: Clock;
  readonly #limits: StreamLimits;
  readonly #open = new Set<Open>();
  readonly #quotaOf: (caller: Caller) => StreamQuota | undefined;
  /** Of callers and accounts; also those that are about to open. */
  readonly #perName = new Map<string, number>();
  #count = 0;
  #stopPulse: CancelTimer | undefined;

  /** @param quotaOf What the account of a caller may have. */
  constructor(
    clock: Clock,
    limits: StreamLimits,
    quotaOf: (caller: Caller) => StreamQuota | undefined,
  ) {
    this.#clock = clock;
    this.#limits = limits;
    this.#quotaOf = quotaOf;
  }

  /** How many streams are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Opens a stream.
   * @param makeSource Makes what it sends, given what makes it send; `undefined`: there is nothing to send, nor will there be.
   * @throws {@link CronduitError} `TOO_MANY_STREAMS`, and what `makeSource` throws.
   */
  async open(
    who: StreamCaller,
    makeSource: (on: {
      readonly onNews: () => void;
      readonly onEnd: () => void;
    }) => Promise<{ readonly source: StreamSource; readonly id?: string | undefined } | undefined>,
  ): Promise<Response> {
    const release = this.#reserve(who.caller);
    const late: { stream?: SseStream; isOver: boolean } = { isOver: false };
    try {
      const made = await makeSource({
        onNews: () => late.stream?.pump(),
        onEnd: () => {
          late.isOver = true;
          late.stream?.close();
        },
      });
      if (!made) {
        release();
        // By which clients know that they need not come back.
        return new Response(null, { status: 204 });
      }
      const { source, id } = made;
      const open: Open = {
        stream: new SseStream(this.#clock, source, () => {
          this.#open.delete(open);
          release();
          if (this.#open.size === 0) this.#stop();
        }),
        who,
        recheckAt: this.#clock.elapsed() + RECHECK_MS,
      };
      late.stream = open.stream;
      this.#open.add(open);
      this.#start();
      // With a position: who is cut off before the first event misses none.
      open.stream.write(
        Buffer.from(`retry: ${RETRY_MS}\n${id === undefined ? "" : `id: ${id}\n`}\n`),
      );
      if (late.isOver) open.stream.close();
      else open.stream.pump();
      return new Response(open.stream.body, { headers: HEADERS });
    } catch (error) {
      release();
      throw error;
    }
  }

  #reserve(caller: Caller): () => void {
    const { streams, streamsPerCaller } = this.#limits;
    const { kind, id } = caller.actor;
    const quota = this.#quotaOf(caller);
    const names = [`caller ${kind}:${id}`, ...(quota ? [`owner ${quota.owner}`] : [])];
    const [own = 0, all = 0] = names.map((name) => this.#perName.get(name) ?? 0);
    if (own >= streamsPerCaller)
      throw new CronduitError(
        "TOO_MANY_STREAMS",
        `You have ${own} open streams, and may have no more.`,
      );
    if (quota && quota.streams !== null && all >= quota.streams)
      throw new CronduitError(
        "TOO_MANY_STREAMS",
        `"${quota.owner}" has ${all} open streams, and may have ${quota.streams}.`,
        { data: { quota: "streams", limit: quota.streams } },
      );
    if (this.#count >= streams)
      throw new CronduitError(
        "TOO_MANY_STREAMS",
        "There are as many open streams as there may be.",
      );
    this.#add(names, 1);
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#add(names, -1);
    };
  }

  #add(names: readonly string[], count: 1 | -1): void {
    this.#count += count;
    for (const name of names) {
      const sum = (this.#perName.get(name) ?? 0) + count;
      if (sum === 0) this.#perName.delete(name);
      else this.#perName.set(name, sum);
    }
  }

  #start(): void {
    this.#stopPulse ??= this.#clock.after(PULSE_MS, () => this.#pulse(), "upkeep");
  }

  #stop(): void {
    this.#stopPulse?.();
    this.#stopPulse = undefined;
  }

  #pulse(): void {
    this.#stopPulse = undefined;
    const now = this.#clock.elapsed();
    for (const open of this.#open) {
      open.stream.tick(now);
      if (now < open.recheckAt) continue;
      open.recheckAt = now + RECHECK_MS;
      void this.#recheck(open);
    }
    if (this.#open.size > 0) this.#start();
  }

  /** Ends the stream of somebody whose credential is not valid any more, or means something else. */
  async #recheck({ stream, who }: Open): Promise<void> {
    try {
      const again = await who.again();
      if (JSON.stringify(again?.actor) !== JSON.stringify(who.caller.actor)) stream.close();
    } catch (error) {
      // Whoever can't be asked about just now stays.
      if (isCronduitError(error, "NOT_AUTHENTICATED") || isCronduitError(error, "NOT_ALLOWED"))
        stream.close();
    }
  }
}

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  // Proxies must not wait for more.
  "x-accel-buffering": "no",
};
