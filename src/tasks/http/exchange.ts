import { lookup } from "node:dns/promises";
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { TaskError } from "../task-error.ts";
import type { AddressRules } from "./address-rules.ts";

/** An address as a resolver gives it. */
export interface Resolved {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name. */
export type Resolve = (name: string) => Promise<readonly Resolved[]>;

/** What every request of a task has in common. */
export interface Connecting {
  readonly rules: AddressRules;
  readonly resolve: Resolve;
  readonly ca: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/** One request, without redirects. */
export interface Sent {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Those that only its own origin may get. */
  readonly secretHeaders: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** By the system's resolver. */
export const resolveBySystem: Resolve = (name) => lookup(name, { all: true });

/**
 * Sends a request to an address that was resolved once and checked; no name is resolved again.
 * @returns The answer, with its body still to be read.
 * @throws {@link TaskError} `ADDRESS_NOT_ALLOWED`, `REQUEST_FAILED`
 */
export async function exchange(sent: Sent, connecting: Connecting): Promise<IncomingMessage> {
  const { url, method, headers, secretHeaders, body } = sent;
  const { ca, signal } = connecting;
  const addresses = await checkedAddresses(url, connecting);
  const isTls = url.protocol === "https:";
  const lookupChecked: LookupFunction = (_name, options, answer) => {
    if (options.all === true) answer(null, [...addresses]);
    else answer(null, addresses[0]?.address ?? "", addresses[0]?.family);
  };
  const options = {
    method,
    headers: { ...headers, ...secretHeaders },
    signal,
    lookup: lookupChecked,
    // A connection of its own: none that was opened for another host, and none through a proxy.
    agent: isTls ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false }),
    maxHeaderSize: 65_536,
    ...(isTls && ca !== undefined ? { ca: [...ca] } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = isTls ? requestHttps(url, options) : requestHttp(url, options);
    request.once("response", resolve);
    // An answer of a protocol that nobody asked for.
    request.once("upgrade", (_answer, socket) => socket.destroy());
    request.on("error", (error) => reject(signal.aborted ? error : failed(url, error)));
    request.on("close", () => reject(failed(url, new Error("the connection was closed"))));
    request.end(body);
  });
}

async function checkedAddresses(
  url: URL,
  { rules, resolve, signal }: Connecting,
): Promise<readonly Resolved[]> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const addresses = isIP(host)
    ? [{ address: host, family: isIP(host) }]
    : await orAborted(signal, resolve(host)).catch((error: unknown) => {
        throw signal.aborted ? error : failed(url, error);
      });
  const judged = addresses.map((each) => ({ each, why: rules.refusal(host, each.address) }));
  const allowed = judged.filter(({ why }) => why === undefined);
  if (allowed.length > 0) return allowed.map(({ each }) => each);
  const [first] = judged;
  if (!first) throw failed(url, new Error("the name has no address"));
  const { address } = first.each;
  const where = address === host ? host : `${host}, which is ${address}`;
  throw new TaskError(
    "ADDRESS_NOT_ALLOWED",
    `The task would call ${where} (${first.why}). Name it in http.allow of the tasks' settings, if tasks may call it.`,
    { data: { host, address }, retryable: false },
  );
}

/** A resolver can't be told to stop. */
async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new Error("aborted"));
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Only the host is told: path and query of a URL may be secret. */
export function failed(url: URL, cause: unknown): TaskError {
  const { message, code } = cause as { readonly message: string; readonly code?: unknown };
  const inner: unknown = Reflect.get(Object(cause), "errors");
  const [first] = Array.isArray(inner) ? (inner as readonly Error[]) : [];
  const why = message || first?.message || String(code);
  return new TaskError("REQUEST_FAILED", `${url.host} did not answer the request: ${why}.`, {
    data: { host: url.host, ...(typeof code === "string" ? { reason: code } : {}) },
    cause,
  });
}
