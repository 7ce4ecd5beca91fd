import ipaddr from "ipaddr.js";
import { z } from "zod";
import type { Peer } from "../caller.ts";

/** A network, such as `10.0.0.0/8`, or one address. */
export type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Addresses of `X-Forwarded-For` that are looked at, from its end. */
const MAX_HOPS = 20;
/** Bits of an IPv6 address that one customer has: more would let them be as many callers as they like. */
const SITE_BITS = 64;

/** Reads a network. */
export const networkSchema = z
  .string()
  .max(64)
  .transform((text, context): Network => {
    const network = readNetwork(text);
    if (network) return network;
    context.addIssue({ code: "custom", message: "is no IP address or network" });
    return z.NEVER;
  })
  .meta({ allowed: 'an IP address or a network, such as "10.0.0.0/8"' });

function readNetwork(text: string): Network | undefined {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  if (!ipaddr.isValid(text)) return undefined;
  const address = ipaddr.parse(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

/**
 * The address that a request came from: of the peer or, as far as proxies are trusted, the last one in
 * `X-Forwarded-For` that none of them has.
 * @returns Of IPv6 the network, which one customer has; `undefined` if nothing is known.
 */
export function clientAddress(
  request: Request,
  peer: Peer,
  trusted: readonly Network[],
): string | undefined {
  let address = read(peer.address);
  if (!address) return undefined;
  const hops = request.headers.get("x-forwarded-for")?.split(",").slice(-MAX_HOPS) ?? [];
  while (isIn(address, trusted)) {
    const before = read(hops.pop()?.trim());
    if (!before) break;
    address = before;
  }
  return nameOf(address);
}

/** Whether the other end may have decrypted what it passes on: it is on this machine, or trusted, or unknown as in a framework. */
export function isOwnProxy({ address: text }: Peer, trusted: readonly Network[]): boolean {
  const address = read(text);
  return !address || address.range() === "loopback" || isIn(address, trusted);
}

function read(text: string | undefined): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  return text !== undefined && ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

function isIn(address: ipaddr.IPv4 | ipaddr.IPv6, networks: readonly Network[]): boolean {
  return networks.some(
    ([network, bits]) =>
      network.kind() === address.kind() && address.match([network, bits] as never),
  );
}

function nameOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  if (address.kind() === "ipv4") return address.toString();
  const { parts } = address as ipaddr.IPv6;
  return `${parts
    .slice(0, SITE_BITS / 16)
    .map((part) => part.toString(16))
    .join(":")}::/${SITE_BITS}`;
}
