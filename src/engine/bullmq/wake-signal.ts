import { type CancelTimer, type Clock, exactlyAfter } from "../../core/clock.ts";

/**
 * Waits for a sign that there may be something to take: the server's, or a time that was told. The server is asked for its
 * sign by a call that blocks, and goes on blocking while others look: Redis ends such a call by a timer of its own that ticks
 * ten times a second, so who waited for its end would come 50 to 100 ms late.
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
   * @param block Resolves at a sign, and without one after a while.
   * @param onSign Called whenever it has resolved, whether anybody waits or not.
   */
  constructor(block: () => Promise<unknown>, clock: Clock, onSign: () => void = () => undefined) {
    this.#block = block;
    this.#clock = clock;
    this.#onSignal = onSign;
  }

  /** Whether there was a sign since the last {@link reset}. */
  get isSet(): boolean {
    return this.#isSet;
  }

  /** Signs up to now are void: to be called before one looks. */
  reset(): void {
    this.#isSet = false;
  }

  /**
   * Resolves at a sign since the last {@link reset}, and after `untilMs` (0 = no time is known).
   * @throws What the blocking call failed with, once.
   */
  async wait(untilMs: number): Promise<void> {
    if (!this.#isSet) {
      let cancel: CancelTimer = () => undefined;
      const rung = new Promise<void>((resolve) => {
        this.#onSet = resolve;
        if (untilMs > 0) cancel = exactlyAfter(this.#clock, untilMs, resolve);
      });
      if (!this.#isBlocking) void this.#listen();
      await rung;
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
