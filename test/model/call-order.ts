const PATIENCE_TURNS = 200;

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Lets calls of several actors through one at a time, in an order that is chosen. An actor makes one call after the other,
 * so once each of those that have not ended stands here, nothing moves but by choice.
 */
export class CallOrder {
  #isClosed = false;
  readonly #standing: (() => Promise<unknown>)[] = [];

  /** Makes a call, when its turn has come. */
  pass<T>(call: () => Promise<T>): Promise<T> {
    if (!this.#isClosed) return call();
    return new Promise<T>((resolve, reject) => {
      this.#standing.push(() => call().then(resolve, reject));
    });
  }

  /**
   * Lets all act at once.
   * @param choices Which of those who stand there goes next, in turns; without it nobody is held up.
   */
  async run<T>(
    actors: readonly (() => Promise<T>)[],
    choices: readonly number[] | undefined,
  ): Promise<T[]> {
    this.#isClosed = choices !== undefined;
    const acting = new Set(actors);
    const acts = Promise.allSettled(
      actors.map(async (act) => {
        try {
          return await act();
        } finally {
          acting.delete(act);
        }
      }),
    );
    for (let i = 0; this.#isClosed && acting.size > 0; i += 1) {
      for (let turns = 0; turns < PATIENCE_TURNS && this.#standing.length < acting.size; turns += 1)
        await turn();
      const choice = choices?.[i % choices.length] ?? 0;
      const [call] = this.#standing.splice(choice % Math.max(1, this.#standing.length), 1);
      await call?.();
    }
    this.#isClosed = false;
    const ends = await acts;
    return ends.map((end) => {
      if (end.status === "rejected") throw end.reason;
      return end.value;
    });
  }
}
