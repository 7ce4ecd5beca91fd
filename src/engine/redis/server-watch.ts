import { counted } from "../../core/counted.ts";
import type { CancelTimer, Clock } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { RedisClient } from "./redis-client.ts";
import { checkServer, type ServerNote, type ServerReport } from "./server-check.ts";

/** Settings change by hand and by failover: often enough to warn before much is lost, rare enough to cost nothing. */
const LOOK_EVERY_MS = 60_000;

/** Reports what a server's owner should know: at the start, and later whatever is new. */
export class ServerWatch {
  readonly #redis: RedisClient;
  readonly #clock: Clock;
  readonly #tell: (note: ServerNote) => void;
  #last: ServerReport | undefined;
  #cancel: CancelTimer = () => undefined;
  #isEnded = false;

  constructor(redis: RedisClient, clock: Clock, tell: (note: ServerNote) => void) {
    this.#redis = redis;
    this.#clock = clock;
    this.#tell = tell;
  }

  /**
   * Looks now, and from then on every minute.
   * @returns The server's version.
   * @throws {@link CronduitError} as {@link checkServer}.
   */
  async begin(): Promise<string> {
    const { version } = await this.#look();
    this.#arm();
    return version;
  }

  end(): void {
    this.#isEnded = true;
    this.#cancel();
  }

  #arm(): void {
    this.#cancel();
    if (this.#isEnded) return;
    this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => {
      // Asked again in a minute; others report that the server is unreachable.
      void this.#look()
        .catch((error: unknown) => {
          if (error instanceof CronduitError) this.#tell({ level: "warn", message: error.message });
        })
        .finally(() => this.#arm());
    });
  }

  async #look(): Promise<ServerReport> {
    const report = await checkServer(this.#redis);
    const known = new Set(this.#last?.notes.map(({ message }) => message));
    for (const note of report.notes) if (!known.has(note.message)) this.#tell(note);
    const evicted = report.evictedKeys - (this.#last?.evictedKeys ?? report.evictedKeys);
    if (evicted > 0) {
      const message = `Redis evicted ${counted(evicted, "key")} within a minute: schedules, runs or history may be gone. Give it more memory and set maxmemory-policy noeviction.`;
      this.#tell({ level: "warn", message });
    }
    this.#last = report;
    return report;
  }
}
