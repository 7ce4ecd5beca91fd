import { notAuthenticated } from "./not-authenticated.ts";
import { sha256 } from "./keyed-secret.ts";

/** The header that has to come with every change by cookie. */
export const CSRF_HEADER = "x-cronduit-csrf";

/**
 * The cookie that keeps a browser signed in. Over https it is `__Host-cronduit`, which no other host and no page over plain http
 * can set; over plain http, which is for this machine only, its name has the port, since cookies of all ports are together.
 */
export class SessionCookie {
  readonly #publicUrl: URL | undefined;

  constructor(publicUrl: URL | undefined) {
    this.#publicUrl = publicUrl;
  }

  /** @throws {@link CronduitError} `NOT_AUTHENTICATED` if there are two: somebody else may have set one */
  read(request: Request): string | undefined {
    const name = this.#nameFor(request);
    const pairs = request.headers.get("cookie")?.split(/; ?/) ?? [];
    const [value, ...others] = pairs.flatMap((pair) =>
      pair.startsWith(`${name}=`) ? [pair.slice(name.length + 1)] : [],
    );
    if (others.length > 0) throw notAuthenticated();
    return value;
  }

  /** What `Set-Cookie` says at the beginning of a session. @param maxAgeMs When the browser forgets it. */
  set(request: Request, text: string, maxAgeMs: number): string {
    return this.#cookie(request, text, Math.floor(maxAgeMs / 1_000));
  }

  /** Adds what ends a session in the browser: no cookie, and nothing kept of what was shown. */
  endIn(headers: Headers, request: Request): void {
    headers.append("set-cookie", this.#cookie(request, "", 0));
    headers.set("clear-site-data", '"cache", "storage"');
  }

  #cookie(request: Request, value: string, maxAge: number): string {
    const secure = this.#isSecure(request) ? "; Secure" : "";
    return `${this.#nameFor(request)}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${secure}`;
  }

  #nameFor(request: Request): string {
    if (this.#isSecure(request)) return "__Host-cronduit";
    return `cronduit-${new URL(request.url).port || "80"}`;
  }

  /** By the configured URL, since a proxy may speak plain http to this server. */
  #isSecure(request: Request): boolean {
    return (this.#publicUrl ?? new URL(request.url)).protocol === "https:";
  }
}

/** What a page has to send back with every change: only pages of this server can read it. */
export function csrfOf(cookie: string): string {
  return sha256(`csrf ${cookie}`).slice(0, 40);
}
