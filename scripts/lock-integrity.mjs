// Writes the missing `integrity` of packages into package-lock.json. npm omits it for optional packages of other
// platforms, which it never downloads; without it, a clean install there accepts whatever a registry sends.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = fileURLToPath(new URL("../package-lock.json", import.meta.url));

function integrityOf(name, version) {
  const args = ["view", `${name}@${version}`, "dist.integrity"];
  const { status, stdout, stderr } = spawnSync("npm", args, { encoding: "utf8" });
  const integrity = stdout.trim();
  if (status !== 0 || !integrity.startsWith("sha512-"))
    throw new Error(`npm view ${name}@${version} gave no integrity: ${stdout}${stderr}`);
  return integrity;
}

/** The integrity goes where npm puts it: after the version. */
function withIntegrity({ version, ...rest }, integrity) {
  return { version, integrity, ...rest };
}

const lock = JSON.parse(readFileSync(path, "utf8"));
let added = 0;
for (const [place, entry] of Object.entries(lock.packages)) {
  if (place === "" || entry.link || entry.inBundle || entry.integrity) continue;
  const name =
    entry.name ?? place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
  lock.packages[place] = withIntegrity(entry, integrityOf(name, entry.version));
  added += 1;
}
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} packages got their integrity`);
