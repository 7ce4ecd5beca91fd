import { CronduitError } from "../../core/errors.ts";
import type { Authenticator, Caller } from "../caller.ts";
import { callerOfSession } from "./account-callers.ts";
import { isSameHash } from "./keyed-secret.ts";
import { notAuthenticated } from "./not-authenticated.ts";
import { CSRF_HEADER, csrfOf, type SessionCookie } from "./session-cookie.ts";
import type { Sessions } from "./sessions.ts";
import type { Users } from "./users.ts";

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

/** Says who a browser's session belongs to. */
export class CookieAuthenticator implements Authenticator {
  readonly #sessions: Sessions;
  readonly #users: Users;
  readonly #cookie: SessionCookie;
  readonly #visibility: "own" | "all";

  constructor({
    sessions,
    users,
    cookie,
    visibility,
  }: {
    readonly sessions: Sessions;
    readonly users: Users;
    readonly cookie: SessionCookie;
    readonly visibility: "own" | "all";
  }) {
    this.#sessions = sessions;
    this.#users = users;
    this.#cookie = cookie;
    this.#visibility = visibility;
  }

  async authenticate(request: Request): Promise<Caller | undefined> {
    const text = this.#cookie.read(request);
    if (text === undefined) return undefined;
    const session = await this.#sessions.find(text);
    const user = session && (await this.#users.get(session.user));
    const csrf = csrfOf(text);
    const caller =
      session && callerOfSession(session, user, { visibility: this.#visibility, csrf });
    if (!session || !caller) throw notAuthenticated();
    requireCsrf(request, csrf);
    await this.#sessions.touch(session);
    return caller;
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
