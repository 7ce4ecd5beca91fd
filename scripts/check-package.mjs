// Packs the package and checks the tarball as npm and TypeScript see it: fields of package.json, types, and assets.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { ENTRIES } from "./entries.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), "cronduit-pack-"));
process.on("exit", () => rmSync(temporary, { recursive: true, force: true }));

/** Creates the tarball, which builds dist first. */
function pack() {
  const args = ["pack", "--json", "--pack-destination", temporary, "--loglevel=error"];
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm pack failed:\n${stdout}${stderr}`);
  const [tarball] = JSON.parse(stdout.slice(stdout.lastIndexOf("\n[") + 1));
  return { path: join(temporary, tarball.filename), files: tarball.files.map(({ path }) => path) };
}

/** Files missing from the tarball, and files that don't belong there. */
function checkFiles(files) {
  const packed = new Set(files);
  const missing = ["dist", "dist/cjs"]
    .flatMap((folder) => ENTRIES.map((entry) => `${folder}/${entry}`))
    .flatMap((entry) => [`${entry}.js`, `${entry}.d.ts`])
    .concat(
      "dist/dashboard/index.html",
      "dist/execution/child-main.js",
      "package.json",
      "LICENSE",
      "README.md",
    )
    .filter((name) => !packed.has(name))
    .map((name) => `${name} is missing`);
  const odd = files
    .filter((name) =>
      /\.(?:test\.|tgz$|log$)|^docs\/(?:api|contributing)\/(?!README\.md$)|(?:^|\/)\.(?!nojekyll)/.test(
        name,
      ),
    )
    .map((name) => `${name} should not be there`);
  return [...missing, ...odd];
}

async function checkFields(tarball) {
  const { messages, pkg } = await publint({
    level: "suggestion",
    strict: true,
    pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer },
  });
  return messages.map(
    (message) => `${message.type}: ${formatMessage(message, pkg, { color: false })}`,
  );
}

function checkTypes(tarball) {
  const require = createRequire(import.meta.url);
  const cli = join(dirname(require.resolve("@arethetypeswrong/cli/package.json")), "dist/index.js");
  const args = [
    cli,
    tarball,
    "--profile",
    "node16",
    "--exclude-entrypoints",
    "child",
    "--no-color",
    "--no-emoji",
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return status === 0 ? [] : [`${stdout}${stderr}`.trim()];
}

const { path, files } = pack();
const checks = {
  files: checkFiles(files),
  "fields (publint)": await checkFields(path),
  "types (arethetypeswrong)": checkTypes(path),
};
for (const [name, problems] of Object.entries(checks)) {
  console.log(`package ${name}: ${problems.length === 0 ? "good" : `${problems.length} problems`}`);
  for (const problem of problems) console.log(`  ${problem.replaceAll("\n", "\n  ")}`);
}
console.log(`package: ${files.length} files`);
process.exitCode = Object.values(checks).every((problems) => problems.length === 0) ? 0 : 1;
