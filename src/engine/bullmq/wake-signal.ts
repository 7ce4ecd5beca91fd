import { type CancelTimer, type Clock, exactlyAfter } from "../../core/clock.ts";

/**
 * Waits until there may be something to take: for the server's signal, or until a known time. A blocking call waits for the
 * signal, and keeps blocking when the time comes first: Redis ends such a call by its own timer, which ticks ten times a second,
 * so a worker that waited for its end would be 50 to 100 ms late.
 */
export class WakeSignal {
  readonly #block: () => Promise<unknown>;
  readonly #clock: Clock;
  readonly #onSignal: () => void;
  #isBlocking = false;
  #isSet = false;
  #failure: { readonly error: unknown } | undefined;
  #onSet: () => void = () => undefined;

  /**
   * @param block Resolves at a signal, and without one after a while.
   * @param onSignal Called whenever it has resolved, whether or not anybody waits.
   */
  constructor(block: () => Promise<unknown>, clock: Clock, onSignal: () => void = () => undefined) {
    this.#block = block;
    this.#clock = clock;
    this.#onSignal = onSignal;
  }

  /** Whether there was a signal since the last {@link reset}. */
  get isSet(): boolean {
    return this.#isSet;
  }

  /** Discards signals up to now; to be called before polling. */
  reset(): void {
    this.#isSet = false;
  }

  /**
   * Resolves at a signal since the last {@link reset}, or after `untilMs` (0 = no time is known).
   * @throws What the blocking call failed with, once.
   */
  async wait(untilMs: number): Promise<void> {
    if (!this.#isSet) {
      let cancel: CancelTimer = () => undefined;
      const signalled = new Promise<void>((resolve) => {
        this.#onSet = resolve;
        if (untilMs > 0) cancel = exactlyAfter(this.#clock, untilMs, resolve);
      });
      if (!this.#isBlocking) void this.#listen();
      await signalled;
      cancel();
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
  }

  async #listen(): Promise<void> {
    this.#isBlocking = true;
    try {
      await this.#block();
    } catch (error) {
      this.#failure = { error };
    }
    this.#isBlocking = false;
    this.#isSet = true;
    this.#onSet();
    this.#onSignal();
  }
}
