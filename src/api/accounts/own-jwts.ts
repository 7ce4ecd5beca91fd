import type { Clock } from "../../core/clock.ts";
import { jwtVerify, SignJWT } from "jose";
import { sha256 } from "./keyed-secret.ts";
import type { HeldSession } from "./sessions.ts";

const ISSUER = "cronduit";
const AUDIENCE = "cronduit-api";
/** Tells these from all other tokens that may have been signed with the same key. */
export const OWN_TYPE = "cronduit+jwt";
const ALGORITHM = "HS256";

interface Key {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** What a valid token says. */
export interface OwnClaims {
  readonly user: string;
  readonly session: string;
}

/** Signs and checks tokens for programs. That a session still is, is for others to find out. */
export class OwnJwts {
  readonly #signing: Key;
  readonly #keys: ReadonlyMap<string, Key>;
  readonly #clock: Clock;

  /** @param secrets The first signs; the other is still believed while they are rotated. */
  constructor([first, ...others]: readonly [string, ...string[]], clock: Clock) {
    this.#signing = keyOf(first);
    this.#keys = new Map([this.#signing, ...others.map(keyOf)].map((key) => [key.id, key]));
    this.#clock = clock;
  }

  async sign({ user, id, createdAt, endsAt }: HeldSession): Promise<string> {
    return new SignJWT()
      .setProtectedHeader({ alg: ALGORITHM, typ: OWN_TYPE, kid: this.#signing.id })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(user)
      .setJti(id)
      .setIssuedAt(Math.floor(createdAt / 1_000))
      .setExpirationTime(Math.floor(endsAt / 1_000))
      .sign(this.#signing.bytes);
  }

  /** @returns `undefined` for a token that is not good, whyever */
  async verify(token: string): Promise<OwnClaims | undefined> {
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.#find(kid), {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        typ: OWN_TYPE,
        requiredClaims: ["sub", "jti", "iat", "exp"],
        currentDate: new Date(this.#clock.now()),
      });
      const { sub = "", jti = "" } = payload;
      return { user: sub, session: jti };
    } catch {
      return undefined;
    }
  }

  /** A name of a key selects one of those that are configured, and nothing else. */
  #find(kid: string | undefined): Uint8Array {
    const key = this.#keys.get(kid ?? "");
    if (!key) throw new Error("unknown key");
    return key.bytes;
  }
}

function keyOf(secret: string): Key {
  return {
    id: sha256(`cronduit kid ${secret}`).slice(0, 16),
    bytes: new TextEncoder().encode(secret),
  };
}
