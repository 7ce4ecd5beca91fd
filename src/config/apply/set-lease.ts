import { type Clock, sleep } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { Engine } from "../../engine/port/engine.ts";

/** From when on a process that says nothing is taken for dead, and another one goes on. */
const TTL_MS = 5_000;
/** How often somebody who waits looks again. */
const LOOK_MS = 200;
/** Longest wait for others. */
const MOST_MS = 60_000;

/** The right to change the jobs of a source, which one process has at a time. */
export class SetLease {
  readonly #engine: Pick<Engine, "members">;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #source: string;
  readonly #owner: string;

  /** @param owner Names this process. */
  constructor(
    engine: Pick<Engine, "members">,
    clock: Clock,
    of: { source: string; owner: string },
  ) {
    this.#engine = engine;
    this.#clock = clock;
    this.#source = of.source;
    this.#name = `files:${of.source}`;
    this.#owner = of.owner;
  }

  /** Takes or renews it. @returns Whether it is held; else somebody else took it for dead, and goes on. */
  hold(): Promise<boolean> {
    return this.#engine.members.holdLease(this.#name, this.#owner, TTL_MS);
  }

  /**
   * Acts while it is held.
   * @throws {@link CronduitError} `INVALID_STATE` if others hold it for a minute
   */
  async during<T>(act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const until = this.#clock.elapsed() + MOST_MS;
    while (!(await this.hold())) {
      if (signal?.aborted === true || this.#clock.elapsed() >= until) throw busy(this.#source);
      await sleep(this.#clock, LOOK_MS, signal, "look");
    }
    try {
      return await act();
    } finally {
      await this.#engine.members.releaseLease(this.#name, this.#owner).catch(() => undefined);
    }
  }

  /** Acts if it can be held now. @returns `undefined` if somebody else does */
  async ifFree<T>(act: () => Promise<T>): Promise<T | undefined> {
    if (!(await this.hold())) return undefined;
    return this.during(act);
  }
}

function busy(source: string): CronduitError {
  return new CronduitError(
    "INVALID_STATE",
    `The jobs of source "${source}" are being changed by another process; try again.`,
    { data: { source } },
  );
}
