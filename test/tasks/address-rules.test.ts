import { expect, test } from "vitest";
import { AddressRules, allowedHostSchema } from "../../src/tasks/http/address-rules.ts";

const none = new AddressRules([]);

test.each([
  "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254",
  "168.63.129.16 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1",
  "198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255",
  ":: ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:a00:1 ::ffff:169.254.169.254 ::127.0.0.1 fe80::1 fe80::1%lo",
  "fec0::1 fc00::1 fd00:ec2::254 fd12::1 ff02::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1",
  "64:ff9b::7f00:1 64:ff9b:1::a00:1 100::1 5f00::1 4000::1",
])("not of the public internet: %s", (addresses) => {
  const passed = addresses.split(" ").filter((address) => none.refusal("x", address) === undefined);
  expect(passed).toEqual([]);
});

test.each([
  "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.1.1.1 128.0.0.1",
  "169.253.1.1 172.15.0.1 172.32.0.1 192.167.1.1 192.169.1.1 198.17.1.1 198.20.1.1 223.1.1.1",
  "2606:4700:4700::1111 2a00:1450::1 2001:4860:4860::8888 ::ffff:8.8.8.8",
])("of the public internet: %s", (addresses) => {
  const refused = addresses
    .split(" ")
    .filter((address) => none.refusal("x", address) !== undefined);
  expect(refused).toEqual([]);
});

test("allowed are a name, an address, or a network, and nothing else", () => {
  const rules = new AddressRules(["billing.internal", "10.1.2.3", "172.16.0.0/16", "fd12::/16"]);
  const isAllowed = (host: string, address: string): boolean =>
    rules.refusal(host, address) === undefined;
  expect(isAllowed("billing.internal", "127.0.0.1")).toBe(true);
  expect(isAllowed("billing.internal.", "10.9.9.9")).toBe(true);
  expect(isAllowed("x.billing.internal", "10.9.9.9")).toBe(false);
  expect(isAllowed("any", "10.1.2.3")).toBe(true);
  expect(isAllowed("any", "::ffff:10.1.2.3")).toBe(true);
  expect(isAllowed("any", "10.1.2.4")).toBe(false);
  expect(isAllowed("any", "172.16.255.1")).toBe(true);
  expect(isAllowed("any", "172.17.0.1")).toBe(false);
  expect(isAllowed("any", "fd12::7")).toBe(true);
  expect(isAllowed("any", "fd13::7")).toBe(false);
  expect(isAllowed("billing.internal", "nonsense")).toBe(false);
});

test.each([
  "http://x 10.0.0.0/33 10.0.0.0/8/8 10.0.0.0/ ::1/129 UPPER.case a..b -a *.internal a:80".split(
    " ",
  ),
])("%s is no host to allow", (...texts) => {
  expect(texts.filter((text) => allowedHostSchema.safeParse(text).success)).toEqual([]);
});
