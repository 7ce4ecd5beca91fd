import { CronduitError } from "../../core/errors.ts";
import type { Authenticator, Caller } from "../caller.ts";
import { callerOfSession } from "./account-callers.ts";
import { isSameHash } from "./keyed-secret.ts";
import { notAuthenticated } from "./not-authenticated.ts";
import { CSRF_HEADER, csrfOf, type SessionCookie } from "./session-cookie.ts";
import type { HolderReader } from "./holder-reader.ts";
import type { HeldSession, Sessions } from "./sessions.ts";
import type { User } from "./user-record.ts";

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

/** Says who a browser's session belongs to. */
export class CookieAuthenticator implements Authenticator {
  readonly #sessions: Sessions;
  readonly #holders: HolderReader;
  readonly #cookie: SessionCookie;
  readonly #visibility: "own" | "all";

  constructor({
    sessions,
    holders,
    cookie,
    visibility,
  }: {
    readonly sessions: Sessions;
    readonly holders: HolderReader;
    readonly cookie: SessionCookie;
    readonly visibility: "own" | "all";
  }) {
    this.#sessions = sessions;
    this.#holders = holders;
    this.#cookie = cookie;
    this.#visibility = visibility;
  }

  async authenticate(request: Request): Promise<Caller | undefined> {
    const text = this.#cookie.read(request);
    if (text === undefined) return undefined;
    const { session, user } = await this.#find(text);
    const csrf = csrfOf(text);
    const caller =
      session && callerOfSession(session, user, { visibility: this.#visibility, csrf });
    if (!session || !caller) throw notAuthenticated();
    requireCsrf(request, csrf);
    await this.#sessions.touch(session);
    return caller;
  }

  async #find(
    text: string,
  ): Promise<{ readonly session?: HeldSession; readonly user?: User | undefined }> {
    const secret = this.#sessions.parse(text);
    const key = secret && this.#sessions.keyOf(secret.id);
    if (!secret || key === undefined) return {};
    const found = await this.#holders.read(secret, key, (stored) =>
      this.#sessions.match(secret, stored),
    );
    return found ? { session: found.held, user: found.user } : {};
  }
}

/** A browser sends its cookie whoever wrote the page; the header only what a page of this server has read. */
function requireCsrf({ method, headers }: Request, csrf: string): void {
  if (READING.has(method) || isSameHash(headers.get(CSRF_HEADER) ?? "", csrf)) return;
  throw new CronduitError(
    "CSRF_TOKEN_MISSING",
    `A change by cookie needs the header "${CSRF_HEADER}" with the \`csrf\` of GET /session.`,
  );
}
