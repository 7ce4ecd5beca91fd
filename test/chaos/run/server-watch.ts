import { type Journal, realNow } from "../program/journal.ts";
import { type ChaosServer, pass, type ServerProbe } from "./chaos-server.ts";

const EVERY_MS = 150;
/** A server that takes so long for something small is not the fleet's fault. */
const SLOW_MS = 300;

/** Asks the server for something small all the time, and notes when that took long, whatever the reason. */
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
      // One that is away is a fault, and noted as such.
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
