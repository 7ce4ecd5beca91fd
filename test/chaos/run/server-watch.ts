import { type Journal, realNow } from "../program/journal.ts";
import { type ChaosServer, pass, type ServerProbe } from "./chaos-server.ts";

const EVERY_MS = 150;
/** A server this slow to answer something small isn't the fleet's fault. */
const SLOW_MS = 300;

/** Keeps asking the server for something small, and records when that was slow, for whatever reason. */
export class ServerWatch implements AsyncDisposable {
  readonly #journal: Journal;
  #isEnded = false;
  readonly #watching: Promise<void>;
  readonly #probe: ServerProbe;

  private constructor(probe: ServerProbe, journal: Journal) {
    this.#journal = journal;
    this.#probe = probe;
    this.#watching = this.#watch();
  }

  static async start(server: ChaosServer, journal: Journal): Promise<ServerWatch> {
    return new ServerWatch(await server.probe(), journal);
  }

  async #watch(): Promise<void> {
    for (; !this.#isEnded; await pass(EVERY_MS)) {
      const from = realNow();
      // An unreachable server is a fault, and recorded as one.
      await this.#probe.ask().catch(() => undefined);
      const at = realNow();
      if (at - from > SLOW_MS && !this.#isEnded)
        this.#journal.write({ what: "slow-server", at, from });
    }
  }

  async end(): Promise<void> {
    if (!this.#isEnded) this.#probe.close();
    this.#isEnded = true;
    await this.#watching;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
