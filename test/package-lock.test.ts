import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly integrity?: string; link?: true }>
  >;
}

test("each package of package-lock.json has an integrity; `npm run lock:integrity` writes those that npm leaves out", () => {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as Lock;
  const installed = Object.entries(packages).filter(([place, { link }]) => place !== "" && !link);
  expect(installed.length).toBeGreaterThan(300);
  const lacking = installed.filter(
    ([, { integrity }]) => !/^sha512-[\w+/]+=*$/.test(integrity ?? ""),
  );
  expect(lacking.map(([place]) => place)).toEqual([]);
});
