import type { Clock } from "../../core/clock.ts";
import type { ErrorCode } from "../../core/error-codes.ts";
import { iso } from "../../core/iso.ts";
import type { Logger } from "../../core/log.ts";
import type { Caller } from "../caller.ts";
import { statusOf } from "../problem.ts";

/** How often the same refusal of the same address is logged. */
const LOGGED_EVERY_MS = 10_000;
/** Lines in that time, whoever is refused: an attack must not fill the disk. */
const MAX_LINES = 200;
const MAX_PATH = 200;

/** Refusals that somebody who watches over the server should see: a credential, a right, a name or a limit was tried. */
const WATCHED: ReadonlySet<ErrorCode> = new Set([
  "NOT_AUTHENTICATED",
  "SECOND_FACTOR_REQUIRED",
  "NOT_ALLOWED",
  "CSRF_TOKEN_MISSING",
  "ORIGIN_NOT_ALLOWED",
  "HOST_NOT_ALLOWED",
  "ENCRYPTION_REQUIRED",
  "RATE_LIMITED",
  "TOO_MANY_ATTEMPTS",
  "QUOTA_EXCEEDED",
  "PAYLOAD_TOO_LARGE",
  "LAST_ADMINISTRATOR",
]);
/** Of these nothing is logged: a thing is not there, or has changed meanwhile. */
const ORDINARY: ReadonlySet<number> = new Set([404, 409, 412]);

/** A request that was refused. */
export interface Refused {
  readonly code: ErrorCode;
  readonly request: Request;
  readonly address: string;
  /** Who sent it, if that was known by then. */
  readonly caller: Caller | undefined;
}

/** Logs which requests were refused, of whom and from where: the same at most every 10 s, with how many there were. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #clock: Pick<Clock, "elapsed" | "now">;
  #since = Number.NEGATIVE_INFINITY;
  #suppressed = 0;
  readonly #logged = new Set<string>();

  constructor(logger: Logger, clock: Pick<Clock, "elapsed" | "now">) {
    this.#logger = logger;
    this.#clock = clock;
  }

  note({ code, request, address, caller }: Refused): void {
    if (ORDINARY.has(statusOf(code)) && !WATCHED.has(code)) return;
    if (this.#clock.elapsed() - this.#since >= LOGGED_EVERY_MS) this.#begin();
    const by = caller && `${caller.actor.kind} ${caller.actor.id}`;
    const name = JSON.stringify([code, address, by]);
    if (this.#logged.has(name) || this.#logged.size >= MAX_LINES) {
      this.#suppressed += 1;
      return;
    }
    this.#logged.add(name);
    const { pathname } = new URL(request.url);
    this.#logger[WATCHED.has(code) ? "warn" : "info"]("a request to the HTTP API was refused", {
      code,
      method: request.method,
      // Without the query, and with what is encoded left so.
      path: pathname.slice(0, MAX_PATH),
      address,
      ...(by === undefined ? {} : { by }),
      time: iso(this.#clock.now()),
    });
  }

  #begin(): void {
    if (this.#suppressed > 0)
      this.#logger.warn("more requests to the HTTP API were refused", {
        suppressed: this.#suppressed,
        time: iso(this.#clock.now()),
      });
    this.#since = this.#clock.elapsed();
    this.#suppressed = 0;
    this.#logged.clear();
  }
}
