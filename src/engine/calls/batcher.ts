import { nextTurn } from "../../core/clock.ts";

interface Waiting<Q, A> {
  readonly request: Q;
  resolve(answer: A): void;
  reject(error: unknown): void;
}

/**
 * Combines the requests of one turn of the event loop into one call. Nothing waits longer than that turn, so a single
 * request isn't delayed and a burst shares a round trip.
 */
export class Batcher<Q, A> {
  readonly #send: (requests: readonly Q[]) => Promise<readonly A[]>;
  readonly #limit: number;
  #waiting: Waiting<Q, A>[] = [];
  #isArmed = false;

  /**
   * @param send Answers all requests, in order.
   * @param limit Requests per call; bounds how long one call keeps the server busy.
   */
  constructor(send: (requests: readonly Q[]) => Promise<readonly A[]>, limit: number) {
    this.#send = send;
    this.#limit = limit;
  }

  /** Resolves to this request's answer; rejects if its call failed. */
  add(request: Q): Promise<A> {
    return new Promise<A>((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      if (this.#isArmed) return;
      this.#isArmed = true;
      void nextTurn().then(() => this.#flush());
    });
  }

  #flush(): void {
    this.#isArmed = false;
    const all = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < all.length; at += this.#limit) {
      void this.#sendPart(all.slice(at, at + this.#limit));
    }
  }

  async #sendPart(part: readonly Waiting<Q, A>[]): Promise<void> {
    try {
      const answers = await this.#send(part.map((waiting) => waiting.request));
      for (const [i, waiting] of part.entries()) {
        const answer = answers[i];
        if (answer === undefined) waiting.reject(new Error(`no answer ${i + 1} of ${part.length}`));
        else waiting.resolve(answer);
      }
    } catch (error) {
      for (const waiting of part) waiting.reject(error);
    }
  }
}
