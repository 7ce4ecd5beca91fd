import { AsyncLocalStorage } from "node:async_hooks";

/** A call of a listener. */
export class ListenerCall {
  hasReturned = false;
  #waits = 0;

  /** Whether it waits for a move of the time, which must not wait for it. */
  get isWaiting(): boolean {
    return this.#waits > 0;
  }

  async waitFor<T>(moved: Promise<T>): Promise<T> {
    this.#waits += 1;
    try {
      return await moved;
    } finally {
      this.#waits -= 1;
    }
  }
}

const current = new AsyncLocalStorage<ListenerCall>();

/** Calls a listener, so that its code is known as that until what it returned has settled. */
export function withinListener<T>(call: () => T): T {
  const scope = new ListenerCall();
  const over = (): void => void (scope.hasReturned = true);
  return current.run(scope, () => {
    const returned = call();
    void Promise.resolve(returned).then(over, over);
    return returned;
  });
}

/** The call of a listener that the current code belongs to and that has not returned. */
export function currentListener(): ListenerCall | undefined {
  const call = current.getStore();
  return call?.hasReturned === false ? call : undefined;
}
