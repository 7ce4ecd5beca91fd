import type { Clock } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { QuotaLimits } from "../accounts/quota-limits.ts";
import type { ApiSettings } from "../api-options.ts";
import type { Caller, Peer } from "../caller.ts";
import { clientAddress, isOwnProxy } from "./client-address.ts";
import { RateLimiter, type RateVerdict } from "./rate-limiter.ts";
import { requireEncrypted, requireKnownOrigin, requireOwnHost } from "./where-from.ts";

/** How many requests an account may send. */
export type RequestQuota = Pick<QuotaLimits, "requestsPerMinute"> & { readonly owner: string };

/** What a request is checked for before anybody reads it: its size, the names it uses, and how often it comes. */
export class Gate {
  readonly #settings: ApiSettings;
  readonly #byAddress: RateLimiter;
  readonly #byCaller: RateLimiter;
  readonly #byOwner: RateLimiter;
  readonly #refused: RateLimiter;

  constructor(settings: ApiSettings, clock: Pick<Clock, "elapsed">) {
    const { requestsPerMinute: most } = settings.limits;
    this.#settings = settings;
    this.#byAddress = new RateLimiter(most.address, clock);
    this.#byCaller = new RateLimiter(most.caller, clock);
    this.#byOwner = new RateLimiter(most.caller, clock);
    this.#refused = new RateLimiter(most.refused, clock);
  }

  /** The address that a request is counted for; requests without one are one caller. */
  addressOf(request: Request, peer: Peer): string {
    return clientAddress(request, peer, this.#settings.trustProxy) ?? "unknown";
  }

  /**
   * Lets a request in, before it is known who sent it.
   * @throws {@link CronduitError} `INVALID_REQUEST`, `HOST_NOT_ALLOWED`, `ENCRYPTION_REQUIRED`, `ORIGIN_NOT_ALLOWED`, `RATE_LIMITED`
   */
  enter(request: Request, address: string, peer: Peer): RateVerdict {
    const { limits, publicUrl, cors, trustProxy } = this.#settings;
    if (request.url.length > limits.urlLength)
      throw new CronduitError(
        "INVALID_REQUEST",
        `The URL is longer than ${limits.urlLength} characters.`,
      );
    const places = { publicUrl, origins: cors.origins };
    requireOwnHost(request, places);
    requireEncrypted(request, places, () => isOwnProxy(peer, trustProxy));
    requireKnownOrigin(request, places);
    requireAllowed(this.#refused.peek(address), "refused requests of this address");
    return requireAllowed(this.#byAddress.take(address), "requests of this address");
  }

  /**
   * Counts a request for who sent it, and for its account.
   * @param told Receives how many more are allowed, also if this one is not.
   * @throws {@link CronduitError} `RATE_LIMITED`
   */
  count(
    { via, actor }: Caller,
    quota: RequestQuota | undefined,
    told: (rate: RateVerdict) => void,
  ): void {
    const own = this.#byCaller.take(`${via} ${actor.kind} ${actor.id}`);
    told(own);
    requireAllowed(own, "your requests");
    if (!quota || quota.requestsPerMinute === null) return;
    const { owner, requestsPerMinute } = quota;
    const all = this.#byOwner.take(owner, requestsPerMinute);
    if (!all.isAllowed || all.remaining < own.remaining) told(all);
    requireAllowed(all, `requests of "${owner}"`, { quota: "requestsPerMinute" });
  }

  /** Counts a request whose credential was wrong: guessing gets slow. */
  countRefused(address: string): void {
    this.#refused.take(address);
  }
}

function requireAllowed(verdict: RateVerdict, whose: string, more: object = {}): RateVerdict {
  if (verdict.isAllowed) return verdict;
  const retryAfterSeconds = Math.max(1, Math.ceil(verdict.resetMs / 1_000));
  throw new CronduitError(
    "RATE_LIMITED",
    `There were too many ${whose}: ${verdict.limit} a minute are allowed. Try again in ${retryAfterSeconds} s.`,
    { data: { retryAfterSeconds, limit: verdict.limit, ...more } },
  );
}

/** Headers that tell how much is left (draft-ietf-httpapi-ratelimit-headers). */
export function rateHeaders({ limit, remaining, resetMs }: RateVerdict): Record<string, string> {
  return {
    "ratelimit-policy": `"minute";q=${limit};w=60`,
    ratelimit: `"minute";r=${remaining};t=${Math.ceil(resetMs / 1_000)}`,
  };
}
