import { decodeProtectedHeader } from "jose";
import { CronduitError } from "../../core/errors.ts";
import type { Authenticator, Caller } from "../caller.ts";
import { callerOfOutside, callerOfSession, callerOfToken } from "./account-callers.ts";
import type { OpenDocuments } from "../open-documents.ts";
import { notAuthenticated } from "./not-authenticated.ts";
import type { HolderReader } from "./holder-reader.ts";
import type { OutsideIssuer } from "./outside-issuer.ts";
import { OWN_TYPE, type OwnJwts } from "./own-jwts.ts";
import type { Sessions } from "./sessions.ts";
import { TOKEN_PREFIX, type Tokens } from "./api-tokens.ts";
import { readUser } from "./user-record.ts";
import type { Users } from "./users.ts";

const FORM = /^Bearer +([\w.~+/=-]{1,8000})$/i;

/** What says who sent `Authorization: Bearer …`. */
export interface BearerParts {
  readonly open: OpenDocuments;
  readonly users: Users;
  readonly holders: HolderReader;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly hasAccounts: boolean;
  readonly jwts: OwnJwts | undefined;
  readonly issuer: OutsideIssuer | undefined;
  readonly visibility: "own" | "all";
}

/** Says who sent `Authorization: Bearer …`. A request with this header is judged by it alone, whatever cookies it has. */
export class BearerAuthenticator implements Authenticator {
  readonly #parts: BearerParts;

  constructor(parts: BearerParts) {
    this.#parts = parts;
  }

  async authenticate(request: Request): Promise<Caller | undefined> {
    const header = request.headers.get("authorization");
    if (header === null) return undefined;
    // Says nothing of a credential: none was read.
    if (!/^Bearer\b/i.test(header))
      throw new CronduitError(
        "NOT_AUTHENTICATED",
        "The header Authorization can't be read: it is to be `Bearer`, a space, and the token.",
      );
    const [, text = ""] = FORM.exec(header) ?? [];
    const caller = text.startsWith(TOKEN_PREFIX)
      ? await this.#byToken(text)
      : await this.#byJwt(text);
    if (!caller) throw notAuthenticated();
    return caller;
  }

  async #byToken(text: string): Promise<Caller | undefined> {
    const { holders, tokens, hasAccounts, visibility } = this.#parts;
    const secret = tokens.parse(text);
    if (!secret || !hasAccounts) return undefined;
    const found = await holders.read(secret, tokens.keyOf(secret), (stored) =>
      tokens.match(secret, stored),
    );
    const caller = found && callerOfToken(found.held, found.user, visibility);
    if (found && caller) await tokens.touch(found.held);
    return caller;
  }

  /** The type only says who may check it: each has keys and algorithms of its own. */
  async #byJwt(text: string): Promise<Caller | undefined> {
    const { jwts, issuer, hasAccounts } = this.#parts;
    const type = typeOf(text);
    if (type === undefined) return undefined;
    if (type !== OWN_TYPE) return issuer && this.#byIssuer(issuer, text);
    return jwts && hasAccounts ? this.#byOwnJwt(jwts, text) : undefined;
  }

  async #byOwnJwt(jwts: OwnJwts, text: string): Promise<Caller | undefined> {
    const { open, users, sessions, visibility } = this.#parts;
    const claims = await jwts.verify(text);
    const key = claims && sessions.keyOf(claims.session);
    if (!claims || key === undefined) return undefined;
    const [first, second] = await (await open()).getMany([key, users.keyOf(claims.user)]);
    const session = sessions.read(first);
    const user = second && readUser(claims.user, second.value);
    if (session?.kind !== "jwt" || session.user !== claims.user) return undefined;
    return callerOfSession(session, user, { visibility, csrf: undefined });
  }

  async #byIssuer(issuer: OutsideIssuer, text: string): Promise<Caller | undefined> {
    const outside = await issuer.verify(text);
    if (!outside) return undefined;
    // A name is of one account: that of another server can't be taken for a user of this one.
    const isTaken = (await this.#parts.users.get(outside.id)) !== undefined;
    return isTaken ? undefined : callerOfOutside(outside, this.#parts.visibility);
  }
}

/** The type that a JWT says to have, `""` if it says none; `undefined` if it is no JWT. */
function typeOf(text: string): string | undefined {
  try {
    const { typ }: { readonly typ?: unknown } = decodeProtectedHeader(text);
    return typeof typ === "string" ? typ : "";
  } catch {
    return undefined;
  }
}
