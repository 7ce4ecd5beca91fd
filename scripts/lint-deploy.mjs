// Checks the files of examples/deploy with the linters of their kinds, which are installed into a folder of their own:
// `npm run lint:deploy -- [folder]`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

const LINTERS = ["dclint@3.1.0", "dockerfile-utils@0.16.3", "kubernetes-models@5.1.0"];
/** How keys are ordered and quoted is a matter of taste. */
const COMPOSE_RULES = {
  rules: {
    "require-quotes-in-ports": 0,
    "service-keys-order": 0,
    "services-alphabetical-order": 0,
    "top-level-properties-order": 0,
  },
};

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, "examples/deploy"));
const temporary = mkdtempSync(join(tmpdir(), "cronduit-lint-"));
process.on("exit", () => rmSync(temporary, { recursive: true, force: true }));

const problems = [];

/** Runs a linter, and keeps what it says unless all is well. */
function check(what, command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: temporary,
    encoding: "utf8",
  });
  // systemd ends well beside a key that it does not know.
  if (status === 0 && !/Unknown key|ignoring/.test(stderr)) return;
  problems.push(`${what}:\n${error?.message ?? ""}${stdout ?? ""}${stderr ?? ""}`.trimEnd());
}

const bin = (name) => join(temporary, "node_modules/.bin", name);

/**
 * Types of all that Kubernetes knows are stricter than its published schemas, which let pass whatever they don't know: a key
 * with a typo would be dropped in silence.
 */
function checkKubernetes(file) {
  const documents = parseAllDocuments(readFileSync(file, "utf8"));
  const unread = documents.flatMap(({ errors }) => errors.map(({ message }) => message));
  if (unread.length > 0) {
    problems.push(`kubernetes.yaml:\n${unread.join("\n")}`);
    return;
  }
  const lines = documents.map((document, i) => {
    const resource = document.toJS();
    const { apiVersion, kind } = resource;
    const type = `import("kubernetes-models/${apiVersion}").I${kind}`;
    return `export const resource${i}: ${type} = ${JSON.stringify(resource, null, 1)};\n`;
  });
  const path = join(temporary, "kubernetes.ts");
  writeFileSync(path, lines.join(""));
  const tsc = join(
    dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
    "bin/tsc",
  );
  const options = ["--noEmit", "--strict", "--skipLibCheck"];
  const modules = ["--module", "nodenext", "--target", "es2022"];
  check("kubernetes.yaml", process.execPath, tsc, ...options, ...modules, path);
}

/** systemd's own check needs the program that a unit starts. */
function checkUnit(file) {
  if (spawnSync("systemd-analyze", ["--version"]).status !== 0) {
    console.log("cronduit.service is not checked: there is no systemd-analyze here");
    return;
  }
  const unit = join(temporary, "cronduit.service");
  const text = readFileSync(file, "utf8");
  writeFileSync(unit, text.replace(/^ExecStart=\S+/m, "ExecStart=/bin/true"));
  check("cronduit.service", "systemd-analyze", "verify", "--man=no", unit);
  // What it says of hardening: 0 is all, 10 nothing.
  const options = ["--offline=true", "--no-pager", "--threshold=20"];
  check("cronduit.service", "systemd-analyze", "security", ...options, unit);
}

writeFileSync(join(temporary, "package.json"), '{ "private": true, "type": "module" }\n');
writeFileSync(join(temporary, "dclint.json"), JSON.stringify(COMPOSE_RULES));
const install = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
check("npm install", "npm", ...install, "--loglevel=error", ...LINTERS);
if (problems.length === 0) {
  const compose = ["--config", join(temporary, "dclint.json"), "--max-warnings", "0"];
  check("compose.yaml", bin("dclint"), ...compose, join(folder, "compose.yaml"));
  check("Dockerfile", bin("dockerfile-utils"), "lint", join(folder, "Dockerfile"));
  checkKubernetes(join(folder, "kubernetes.yaml"));
  checkUnit(join(folder, "cronduit.service"));
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log("the files for deployment are good");
