import { CronduitError } from "../../core/errors.ts";
import { shownUpTo } from "../../core/shown.ts";
import { isLoopback } from "./loopback.ts";

/** What names a request may call this server, and what pages may send it. */
export interface Places {
  readonly publicUrl: URL | undefined;
  /** Origins of other sites whose pages may call. */
  readonly origins: readonly string[];
}

/**
 * Refuses a request that calls this server by a name that is not its own: a page of another site can make its name lead to
 * this machine, and would be answered (DNS rebinding).
 * @throws {@link CronduitError} `HOST_NOT_ALLOWED`
 */
export function requireOwnHost(request: Request, { publicUrl }: Places): void {
  const url = new URL(request.url);
  const given = request.headers.get("host");
  const names = [url, ...(given === null ? [] : [urlOf(given)])];
  const isOwn = names.every(
    (name) => name !== undefined && (isLoopback(name) || name.hostname === publicUrl?.hostname),
  );
  if (isOwn) return;
  throw new CronduitError(
    "HOST_NOT_ALLOWED",
    `This server is not called ${shownUpTo(100, given ?? url.host)}.`,
  );
}

/**
 * Refuses what a page of another site sends.
 * @throws {@link CronduitError} `ORIGIN_NOT_ALLOWED`
 */
export function requireKnownOrigin(request: Request, { publicUrl, origins }: Places): void {
  const origin = request.headers.get("origin");
  if (origin === null || origin === publicUrl?.origin || origins.includes(origin)) return;
  const own = urlOf(request.headers.get("host") ?? new URL(request.url).host);
  // A page that this server itself sent, by one of the names that were just found to be its own.
  if (own && (origin === own.origin || origin === `https://${own.host}`)) return;
  throw new CronduitError(
    "ORIGIN_NOT_ALLOWED",
    `Pages of ${shownUpTo(100, origin)} may not call this server.`,
  );
}

/**
 * Refuses what comes by the public name in the clear: a proxy on this machine or a trusted one may have decrypted it, nobody else.
 * @param isProxy Whether the other end is such a proxy.
 * @throws {@link CronduitError} `ENCRYPTION_REQUIRED`
 */
export function requireEncrypted(
  request: Request,
  { publicUrl }: Pick<Places, "publicUrl">,
  isProxy: () => boolean,
): void {
  const url = new URL(request.url);
  if (publicUrl?.protocol !== "https:" || isLoopback(url)) return;
  const forwarded = request.headers.get("x-forwarded-proto")?.split(",").at(-1)?.trim();
  // Names of schemes have no case (RFC 3986, 3.1).
  const isEncrypted = isProxy() ? forwarded?.toLowerCase() !== "http" : url.protocol === "https:";
  if (isEncrypted) return;
  throw new CronduitError(
    "ENCRYPTION_REQUIRED",
    `This request came in the clear, and this server is ${publicUrl.origin}.`,
  );
}

function urlOf(host: string): URL | undefined {
  try {
    return new URL(`http://${host}`);
  } catch {
    return undefined;
  }
}
