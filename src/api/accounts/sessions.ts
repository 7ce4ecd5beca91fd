import { z } from "zod";
import type { Clock, EpochMs } from "../../core/clock.ts";
import type { StoredDocument } from "../../engine/port/engine.ts";
import { allDocuments, type OpenDocuments } from "../open-documents.ts";
import {
  isSameHash,
  isSecretId,
  type KeyedSecret,
  keyOfSecret,
  keysOfSecretsOf,
  makeKeyedSecret,
  readKeyedSecret,
} from "./keyed-secret.ts";
import type { User } from "./user-record.ts";

const SESSIONS = "api/sessions/";
const PREFIX = "";
/** That it was used is written at most this often. */
const SEEN_EVERY_MS = 60_000;
/** How long a JWT is good for. */
export const JWT_MS = 15 * 60_000;
const MAX_AGENT = 200;

/** A session, as stored. */
export interface Session {
  readonly user: string;
  readonly uid: string;
  /** The user's when it began. */
  readonly epoch: number;
  /** `jwt`: a program holds a signed token that names it. */
  readonly kind: "cookie" | "jwt";
  /** Of the cookie. */
  readonly hash: string;
  readonly createdAt: EpochMs;
  readonly seenAt: EpochMs;
  /** When it ends, however much it is used. */
  readonly endsAt: EpochMs;
  /** Where it began. */
  readonly address: string | null;
  readonly agent: string | null;
}

/** A session and where it is stored. */
export interface HeldSession extends Session {
  readonly id: string;
  readonly revision: number;
}

const sessionSchema: z.ZodType<Session> = z.object({
  user: z.string(),
  uid: z.string(),
  epoch: z.number(),
  kind: z.enum(["cookie", "jwt"]),
  hash: z.string(),
  createdAt: z.number(),
  seenAt: z.number(),
  endsAt: z.number(),
  address: z.string().nullable(),
  agent: z.string().nullable(),
});

/** How long sessions of browsers last. */
export interface SessionTimes {
  /** Without a request. */
  readonly idleMs: number;
  /** At most. */
  readonly absoluteMs: number;
}

/** Where somebody signs in. */
export interface SignInPlace {
  readonly address: string | null;
  readonly agent: string | null;
}

/** Sessions as documents, which expire. */
export class Sessions {
  readonly #open: OpenDocuments;
  readonly #clock: Clock;
  readonly #times: SessionTimes;

  constructor(open: OpenDocuments, clock: Clock, times: SessionTimes) {
    this.#open = open;
    this.#clock = clock;
    this.#times = times;
  }

  /** The key of a session's document, to be read together with others; `undefined` if it can't be the id of one. */
  keyOf(id: string): string | undefined {
    return isSecretId(id) ? keyOfSecret(SESSIONS, id) : undefined;
  }

  /** Begins one. @returns with the cookie's text, which is kept nowhere */
  async begin(
    user: User,
    kind: Session["kind"],
    { address, agent }: SignInPlace,
  ): Promise<{ readonly session: HeldSession; readonly text: string }> {
    const { text, id, hash } = makeKeyedSecret(PREFIX, user.id);
    const now = this.#clock.now();
    const session: Session = {
      user: user.id,
      uid: user.uid,
      epoch: user.epoch,
      kind,
      hash,
      createdAt: now,
      seenAt: now,
      endsAt: now + (kind === "jwt" ? JWT_MS : this.#times.absoluteMs),
      address,
      agent: agent && agent.slice(0, MAX_AGENT),
    };
    const documents = await this.#open();
    const key = keyOfSecret(SESSIONS, id);
    const answer = await documents.putIfRevision(key, session, "absent", this.#options(session));
    // 48 random bits among one user's sessions.
    if (answer.outcome === "conflict") return this.begin(user, kind, { address, agent });
    return { session: { ...session, id, revision: answer.revision }, text };
  }

  /** Reads what may be a cookie's text; `undefined` if it can't be one. */
  parse(text: string): KeyedSecret | undefined {
    return readKeyedSecret(PREFIX, text);
  }

  /** Reads a stored session, if it is the one of this cookie and has not ended. */
  match(secret: KeyedSecret, stored: StoredDocument | undefined): HeldSession | undefined {
    const session = this.read(stored);
    return session?.kind === "cookie" && isSameHash(session.hash, secret.hash)
      ? session
      : undefined;
  }

  /** The session that a cookie names, unless it has ended. */
  async find(text: string): Promise<HeldSession | undefined> {
    const secret = this.parse(text);
    return (
      secret && this.match(secret, await (await this.#open()).get(keyOfSecret(SESSIONS, secret.id)))
    );
  }

  /** The session of this id, unless it has ended. */
  async get(id: string): Promise<HeldSession | undefined> {
    const key = this.keyOf(id);
    return key === undefined ? undefined : this.read(await (await this.#open()).get(key));
  }

  /** Reads a stored session; `undefined` if it has ended. */
  read(stored: StoredDocument | undefined): HeldSession | undefined {
    if (!stored) return undefined;
    const session = sessionSchema.parse(stored.value);
    if (this.endOf(session) <= this.#clock.now()) return undefined;
    const id = stored.key.slice(SESSIONS.length).replace("/", "");
    return { ...session, id, revision: stored.revision };
  }

  /** When it ends if nobody uses it any more. */
  endOf({ kind, seenAt, endsAt }: Session): EpochMs {
    return kind === "jwt" ? endsAt : Math.min(endsAt, seenAt + this.#times.idleMs);
  }

  /** Notes that it was used. One that was ended meanwhile stays so: another revision is not replaced. */
  async touch({ id, revision, ...session }: HeldSession): Promise<void> {
    const now = this.#clock.now();
    if (session.kind === "jwt" || now - session.seenAt < SEEN_EVERY_MS) return;
    const seen: Session = { ...session, seenAt: now };
    const documents = await this.#open();
    await documents.putIfRevision(keyOfSecret(SESSIONS, id), seen, revision, this.#options(seen));
  }

  /** Sessions of a user that have not ended. */
  async listOf({ id, uid, epoch }: User): Promise<HeldSession[]> {
    const sessions: HeldSession[] = [];
    const prefix = keysOfSecretsOf(SESSIONS, id);
    for await (const stored of allDocuments(await this.#open(), prefix)) {
      const session = this.read(stored);
      if (session?.user === id && session.uid === uid && session.epoch === epoch)
        sessions.push(session);
    }
    return sessions;
  }

  async end(id: string): Promise<void> {
    const key = this.keyOf(id);
    if (key !== undefined) await (await this.#open()).delete(key);
  }

  #options(session: Session): { readonly expiresAt: EpochMs; readonly stays: true } {
    return { expiresAt: this.endOf(session), stays: true };
  }
}
