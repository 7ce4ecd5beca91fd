// What the code does not do, and so can't do wrongly: no shell, no evaluated text, no parser but JSON's, no cryptography of its own,
// no requests but to configured places. Something new needs a row here, and a look at docs/contributing/security.md.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

interface Source {
  readonly path: string;
  readonly tree: ts.SourceFile;
}

const sources: readonly Source[] = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join("src", name))
  .map((path) => ({
    path,
    tree: ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true),
  }));

/** What `find` says of each place in the code; comments and texts are none. */
function findAll(find: (node: ts.Node) => string | undefined, within = "src/"): string[] {
  return sources
    .filter(({ path }) => path.startsWith(within))
    .flatMap(({ path, tree }) => {
      const found: string[] = [];
      const visit = (node: ts.Node): void => {
        const what = find(node);
        if (what !== undefined) found.push(`${path}: ${what}`);
        ts.forEachChild(node, visit);
      };
      visit(tree);
      return found;
    });
}

/** The module that an import or a dynamic import names. */
function moduleOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    return node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)
      ? node.moduleSpecifier.text
      : undefined;
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return;
  const [name] = node.arguments;
  return name && ts.isStringLiteral(name) ? name.text : "(a value)";
}

/** A text, or that of a constant of the same file. */
function textOf(node: ts.Expression): string | undefined {
  if (ts.isStringLiteral(node)) return node.text;
  const declared = new RegExp(`const ${node.getText()} = "([^"]+)"`).exec(
    node.getSourceFile().text,
  );
  return declared?.[1];
}

/** Calls of functions with one of these names, with their first argument if that is a text. */
function callsOf(names: readonly string[]): (node: ts.Node) => string | undefined {
  return (node) => {
    if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return undefined;
    const name = node.expression.getText().replace(/^globalThis\./, "");
    if (!names.includes(name) && !names.includes(name.split(".").at(-1) ?? "")) return undefined;
    const [first] = node.arguments ?? [];
    const text = first && textOf(first);
    return text === undefined ? name : `${name} ${text}`;
  };
}

test("nothing else is imported: no shell, no LDAP, XPath, XML, LaTeX, GraphQL, WebSocket, template, mail or memcache library", () => {
  const modules = findAll((node) => {
    const name = moduleOf(node);
    return name === undefined || name.startsWith(".") ? undefined : name;
  }).map((line) => line.split(": ")[1] ?? "");
  const BUILT_IN =
    "assert async_hooks buffer child_process crypto dns/promises events fs fs/promises http https module net os path perf_hooks readline/promises stream timers tls url util worker_threads zlib";
  const LIBRARIES =
    "@electric-sql/pglite @hono/node-server @humanwhocodes/momoa @node-rs/argon2 @pinojs/redact @sinonjs/fake-timers @tanstack/react-query @tanstack/react-virtual @zxcvbn-ts/language-common bullmq chevrotain chokidar commander cron-parser flatqueue hono hono/cors hono/secure-headers ioredis ipaddr.js jiti jose otpauth pg pino react react-dom/client reflect-metadata rotating-file-stream rrule-temporal safe-stable-stringify smol-toml string-width tsyringe wouter wouter/use-browser-location zod";
  const TYPES = "expect vitest";
  const known = new Set([
    ...BUILT_IN.split(" ").map((name) => `node:${name}`),
    ...LIBRARIES.split(" "),
    ...TYPES.split(" "),
    "(a value)",
  ]);
  expect([...new Set(modules)].filter((name) => !known.has(name)).toSorted()).toEqual([]);
});

test("processes are forked from a file of this package, or are a task's, never started by a command line", () => {
  const names = findAll((node) =>
    ts.isImportDeclaration(node) && moduleOf(node)?.endsWith("child_process") === true
      ? (node.importClause?.namedBindings?.getText() ?? "all")
      : undefined,
  );
  expect(names.toSorted()).toEqual([
    "src/execution/child-process.ts: { type ChildProcess, fork }",
    "src/execution/child-run.ts: { ChildProcess }",
    // Programs that a job's params name, for those who may: as words, behind a fixed text for the shell.
    // Two programs of the system with fixed paths: they look up a user, and become one.
    "src/tasks/program/run-as.ts: { execFile }",
    "src/tasks/program/start-program.ts: { spawn }",
    "src/tasks/program/supervise.ts: { type ChildProcess, spawn }",
  ]);
  // Each starts /bin/sh with a fixed text; the first perhaps behind what makes it another user's.
  expect(findAll(callsOf(["spawn"]))).toEqual([
    "src/tasks/program/start-program.ts: spawn",
    "src/tasks/program/supervise.ts: spawn",
  ]);
});

test("no text becomes code", () => {
  const found = findAll(
    callsOf([
      "eval",
      "Function",
      "runInContext",
      "runInNewContext",
      "runInThisContext",
      "compileFunction",
      "Script",
    ]),
  );
  // The server's own Lua, sent to Redis.
  expect(found).toEqual(["src/engine/redis/scripts.ts: this.#redis.eval"]);
});

test("nothing is deserialized but JSON, and no memory is shown as it was", () => {
  const names = ["deserialize", "allocUnsafe", "allocUnsafeSlow", "DOMParser", "parseFromString"];
  // Both are cut to what was read into them.
  expect(findAll(callsOf(names))).toEqual([
    "src/config/folder/open-file.ts: Buffer.allocUnsafe",
    "src/scheduler/transfer/checked-state.ts: Buffer.allocUnsafe",
  ]);
});

test("modules by a value are those of pipelines, which only the program's code names", () => {
  const found = findAll((node) => (moduleOf(node) === "(a value)" ? "import" : undefined));
  expect(found.filter((line) => line.startsWith("src/api/"))).toEqual([]);
  // Pipelines in modules, those of a child process, and functions that the settings of tasks name.
  expect(found.length).toBeLessThanOrEqual(3);
});

describe("cryptography", () => {
  const SAFE = ["sha256", "sha512", "aes-256-gcm"];
  /** SHA-1 as a name, where nobody could gain by a second text of the same name, or where the format says so. */
  const NAMES = new Set([
    "src/engine/redis/scripts.ts: createHash sha1",
    "src/engine/postgres/schema-name.ts: createHash sha1",
    "src/engine/postgres/functions.ts: createHash sha1",
    "src/api/accounts/breached-passwords.ts: createHash sha1",
    // Bytes for pseudonyms of a fixture, which encrypt nothing.
    "src/scheduler/transfer/masking/pseudonyms.ts: createCipheriv aes-256-ctr",
    // Slow on purpose, where a request holds a password.
    "src/api/idempotency/answer-once.ts: scrypt",
  ]);

  test("is that of Node, jose, argon2 and otpauth, with approved algorithms", () => {
    const found = findAll(
      callsOf([
        "createHash",
        "createHmac",
        "hash",
        "hkdfSync",
        "createCipheriv",
        "createDecipheriv",
        "createSign",
        "createVerify",
        "pbkdf2",
        "pbkdf2Sync",
        "scrypt",
        "scryptSync",
        "createECDH",
        "createDiffieHellman",
        "publicEncrypt",
        "privateDecrypt",
        "generateKeyPairSync",
        "generateKeyPair",
      ]),
    ).filter((line) => /\b(?:create|hkdf|pbkdf|scrypt|public|private|generate)/.test(line));
    const others = found.filter(
      (line) => !NAMES.has(line) && !SAFE.some((name) => line.endsWith(` ${name}`)),
    );
    expect(others).toEqual([]);
    expect(found.length).toBeGreaterThan(5);
  });

  test("makes no secret by Math.random or by a UUID", () => {
    expect(findAll(callsOf(["Math.random"]), "src/api/")).toEqual([]);
    expect(findAll(callsOf(["randomUUID"]), "src/api/accounts/")).toEqual([
      // Names a user of a name, and is no secret.
      "src/api/accounts/users.ts: randomUUID",
    ]);
  });
});

describe("requests to others", () => {
  test("go to the issuer's keys and, from the client, to its server; redirects are errors", () => {
    const found = findAll((node) =>
      ts.isCallExpression(node) && node.expression.getText() === "fetch"
        ? node.getText().replaceAll(/\s+/g, " ")
        : undefined,
    );
    expect(found).toEqual([
      'src/api/accounts/bounded-fetch.ts: fetch(url, { headers, signal, redirect: "error" })',
      expect.stringContaining("src/api/client/create-client.ts: fetch(requestOf("),
      // By the command line, to the URL that its user names.
      'src/cli/connect/remote.ts: fetch(request, { redirect: "error" })',
      // In a browser, to where the page is from: its policy allows nothing else.
      "src/dashboard/app/ask.ts: fetch(url, init)",
    ]);
  });

  test("and sockets are opened by the drivers, and to a Unix socket by the client", () => {
    const found = findAll((node) => {
      const name = moduleOf(node);
      return name !== undefined && /^node:(?:net|http|https|tls|dgram|http2|dns)$/.test(name)
        ? name
        : undefined;
    }, "src/");
    expect(found.filter((line) => line.startsWith("src/api/")).toSorted()).toEqual([
      "src/api/client/over-socket.ts: node:http",
      "src/api/edge/node-listener.ts: node:http",
    ]);
  });

  test("certificates are always checked", () => {
    const found = findAll((node) =>
      ts.isIdentifier(node) &&
      /^(?:rejectUnauthorized|checkServerIdentity|insecureHTTPParser)$/.test(node.text)
        ? node.parent.getText()
        : undefined,
    );
    expect(found).toEqual([]);
  });
});

test("the API reads and writes no files: but the built dashboard and, of breached passwords, one that its options name", () => {
  const found = findAll(
    (node) => (moduleOf(node)?.startsWith("node:fs") === true ? moduleOf(node) : undefined),
    "src/api/",
  );
  expect(
    found.filter(
      (line) =>
        !line.startsWith("src/api/accounts/breached-passwords.ts") &&
        !line.startsWith("src/api/dashboard/built-files.ts"),
    ),
  ).toEqual([]);
});

test("expressions are made of constants and of escaped texts", () => {
  expect(findAll(callsOf(["RegExp"])).toSorted()).toEqual([
    "src/cli/pipelines/module-file.ts: RegExp",
    "src/config/jobs/spelling.ts: RegExp",
    "src/engine/redis/server-info.ts: RegExp",
    "src/scheduler/transfer/masking/known-values.ts: RegExp",
  ]);
});

test("logs go to the logger alone, whose own is standard error", () => {
  expect(
    findAll(
      (node) =>
        ts.isPropertyAccessExpression(node) &&
        /^(?:console\.|process\.(?:stdout|stderr))/.test(node.getText())
          ? node.getText()
          : undefined,
      "src/api/",
    ),
  ).toEqual([]);
});

test("nothing is otherwise in production than in a test: the environment is not asked", () => {
  expect(
    findAll(
      (node) =>
        ts.isPropertyAccessExpression(node) && node.getText() === "process.env"
          ? "process.env"
          : undefined,
      "src/api/",
    ),
  ).toEqual([]);
});
