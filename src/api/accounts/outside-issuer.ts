import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTPayload,
  jwtVerify,
  type RemoteJWKSet,
} from "jose";
import type { Clock } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { Logger } from "../../core/log.ts";
import { ownerSchema } from "../../jobs/owner.ts";
import type { Role } from "../../scheduler/rights.ts";
import type { OutsideIssuerSettings } from "./auth-options.ts";
import { boundedFetch } from "./bounded-fetch.ts";
import { readLogin } from "./user-record.ts";

/** Most teams that are read from a token. */
const MAX_TEAMS = 200;
const HIGHEST_FIRST = ["admin", "editor", "viewer"] as const satisfies readonly Role[];

/** Who a token of another server names. */
export interface OutsideUser {
  readonly id: string;
  readonly role: Role;
  readonly teams: readonly string[];
}

/** Checks tokens of another server. */
export class OutsideIssuer {
  readonly #settings: OutsideIssuerSettings;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #keys: RemoteJWKSet;

  constructor(
    settings: OutsideIssuerSettings,
    { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  ) {
    this.#settings = settings;
    this.#clock = clock;
    this.#logger = logger;
    this.#keys = createRemoteJWKSet(settings.jwksUrl, {
      [customFetch]: boundedFetch(settings.jwksUrl, clock),
    });
  }

  /**
   * @returns `undefined` for a token that is not good, whyever
   * @throws {@link CronduitError} `CONNECTION_FAILED` while the keys can't be read; `NOT_ALLOWED` if the token is good, and
   * gives its user no role here
   */
  async verify(token: string): Promise<OutsideUser | undefined> {
    const payload = await this.#payloadOf(token);
    const { claims, roles } = this.#settings;
    const [name] = payload ? textsIn(payload, claims.user) : [];
    const id = name === undefined ? undefined : readLogin(name);
    if (!payload || id === undefined) return undefined;
    const values = textsIn(payload, claims.role);
    const role = HIGHEST_FIRST.find((each) => roles[each].some((value) => values.includes(value)));
    if (!role) throw new CronduitError("NOT_ALLOWED", `The issuer gives "${id}" no role here.`);
    const teams = claims.teams === undefined ? [] : textsIn(payload, claims.teams);
    const isOwner = (team: string): boolean => ownerSchema.safeParse(team).success;
    return { id, role, teams: teams.filter(isOwner).slice(0, MAX_TEAMS) };
  }

  async #payloadOf(token: string): Promise<JWTPayload | undefined> {
    const { issuer, audience, algorithms, type, maxAge } = this.#settings;
    try {
      const { payload } = await jwtVerify(token, (header, input) => this.#keyFor(header, input), {
        algorithms,
        issuer,
        audience,
        ...(type === undefined ? {} : { typ: type }),
        requiredClaims: ["exp"],
        maxTokenAge: maxAge / 1_000,
        clockTolerance: 5,
        currentDate: new Date(this.#clock.now()),
      });
      return payload;
    } catch (error) {
      if (error instanceof CronduitError) throw error;
      return undefined;
    }
  }

  /** Of the configured set only: `jku`, `jwk` and `x5u` of a token are not looked at. */
  async #keyFor(...[header, input]: Parameters<RemoteJWKSet>): ReturnType<RemoteJWKSet> {
    try {
      return await this.#keys(header, input);
    } catch (error) {
      const isOfToken =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys ||
        error instanceof errors.JOSENotSupported;
      if (isOfToken) throw error;
      this.#logger.error("the keys of the issuer could not be read", {
        url: this.#settings.jwksUrl.href,
        error,
      });
      throw new CronduitError(
        "CONNECTION_FAILED",
        "The issuer's keys can't be read at the moment.",
      );
    }
  }
}

/** The texts that a claim has, as one text or a list. */
function textsIn(payload: JWTPayload, claim: string | readonly string[]): string[] {
  let value: unknown = payload;
  for (const name of typeof claim === "string" ? [claim] : claim)
    value =
      typeof value === "object" && value !== null && Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((each) => typeof each === "string");
}
