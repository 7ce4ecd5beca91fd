import { BlockList, isIP, SocketAddress } from "node:net";
import { z } from "zod";

/**
 * Addresses that are not of the public internet, by IANA's registries of special-purpose addresses, and those at which clouds tell a
 * machine its credentials.
 */
const SPECIAL: readonly (readonly [network: string, what: string])[] = [
  ["127.0.0.0/8", "loopback"],
  ["::1/128", "loopback"],
  ["169.254.0.0/16", "link-local, where clouds have their metadata"],
  ["fe80::/10", "link-local"],
  ["fd00:ec2::/32", "a cloud's metadata"],
  ["168.63.129.16/32", "a cloud's metadata"],
  ["100.64.0.0/10", "shared address space, where clouds have their metadata"],
  ["10.0.0.0/8", "private"],
  ["172.16.0.0/12", "private"],
  ["192.168.0.0/16", "private"],
  ["fc00::/7", "private"],
  ["fec0::/10", "private"],
  ["0.0.0.0/8", "this host"],
  ["::/128", "this host"],
  ["192.0.0.0/24", "reserved"],
  ["192.0.2.0/24", "reserved"],
  ["192.88.99.0/24", "reserved"],
  ["198.18.0.0/15", "reserved"],
  ["198.51.100.0/24", "reserved"],
  ["203.0.113.0/24", "reserved"],
  ["224.0.0.0/4", "multicast"],
  ["ff00::/8", "multicast"],
  ["240.0.0.0/4", "reserved"],
  // Tunnels and translations: another address stands inside.
  ["2001::/23", "reserved"],
  ["2001:db8::/32", "reserved"],
  ["2002::/16", "reserved"],
  ["3fff::/20", "reserved"],
];
const PUBLIC_IPV6 = "2000::/3";

interface Rule {
  readonly what: string;
  readonly list: BlockList;
}

const RULES: readonly Rule[] = SPECIAL.map(([network, what]) => ({ what, list: listOf(network) }));
const publicIpv6 = listOf(PUBLIC_IPV6);

const HOST = /^(?=.{1,253}$)[a-z\d_](?:[a-z\d_-]{0,62})(?:\.[a-z\d_][a-z\d_-]{0,62})*$/;

/** A host that may be called though it is within the network: a name, an address, or a network. */
export const allowedHostSchema = z
  .string()
  .max(300)
  .refine(
    (text) => isNetwork(text) || HOST.test(text),
    'is none of "billing.internal", "10.1.2.3", "10.1.0.0/16"',
  );

function isNetwork(text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  const max = family === 4 ? 32 : 128;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= max);
}

function listOf(network: string): BlockList {
  const [address = "", prefix] = network.split("/");
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  const list = new BlockList();
  list.addSubnet(
    address,
    prefix === undefined ? (family === "ipv4" ? 32 : 128) : Number(prefix),
    family,
  );
  return list;
}

/** Which addresses may be connected to. */
export class AddressRules {
  readonly #hosts: ReadonlySet<string>;
  readonly #networks: readonly BlockList[];

  constructor(allow: readonly string[]) {
    this.#hosts = new Set(allow.filter((text) => !isNetwork(text)));
    this.#networks = allow.filter(isNetwork).map(listOf);
  }

  /**
   * Why a host's address may not be connected to; `undefined` if it may.
   * @param host A name or an address, as `URL` writes it but without brackets.
   */
  refusal(host: string, address: string): string | undefined {
    const family = isIP(address);
    if (family === 0) return "no address";
    const plain = family === 6 ? withoutMapping(address) : address;
    const kind = isIP(plain) === 6 ? "ipv6" : "ipv4";
    if (this.#hosts.has(host.replace(/\.$/, ""))) return undefined;
    if (this.#networks.some((list) => list.check(plain, kind))) return undefined;
    const special = RULES.find(({ list }) => list.check(plain, kind));
    if (special) return special.what;
    // Whatever IPv6 has besides is not assigned, or wraps an address of IPv4.
    return kind === "ipv6" && !publicIpv6.check(plain, kind) ? "reserved" : undefined;
  }
}

/** The IPv4 address that an address of IPv6 stands for (`::ffff:127.0.0.1`), or the address itself. */
function withoutMapping(address: string): string {
  const [bare = ""] = address.split("%");
  const { address: written } = new SocketAddress({ address: bare, family: "ipv6" });
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(written)?.[1] ?? written;
}
