// What we rely on inside of libraries is checked when a connection is made, against the installed version.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { Client, Pool } from "pg";
import { afterEach, expect, inject, test, vi } from "vitest";
import { KNOWN_LIBRARIES } from "../../src/core/unsupported-library.ts";
import { requireRewrites, REWRITES, rewritten } from "../../src/engine/postgres/bullmq-sql.ts";
import { connectServer } from "../../src/engine/postgres/server-database.ts";
import { connect } from "../../src/engine/redis/connection.ts";

afterEach(() => vi.restoreAllMocks());

test("the versions that messages name are those of package.json", () => {
  const { dependencies } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  expect(dependencies).toMatchObject(KNOWN_LIBRARIES);
});

test("each rewrite of a statement of BullMQ's fits the installed version once", async () => {
  await expect(requireRewrites()).resolves.toBeUndefined();
  for (const { part } of REWRITES) expect(rewritten(part)).not.toBe(part);
});

test.each(REWRITES.map((rewrite) => [rewrite.statement, rewrite] as const))(
  "%s in other words is an error that names the version",
  async (statement, rewrite) => {
    const others = REWRITES.filter((other) => other !== rewrite);
    others.push({ ...rewrite, part: `${rewrite.part} + 0` });
    await expect(requireRewrites(others)).rejects.toMatchObject({
      code: "UNSUPPORTED_LIBRARY",
      message: expect.stringMatching(new RegExp(`bullmq .*"${statement}".*~6\\.7\\.0`)),
      data: { library: "bullmq" },
    });
  },
);

test("the advisory locks that take_jobs shares with BullMQ have the names that its own functions use", () => {
  const functions = readFileSync(
    fileURLToPath(import.meta.resolve("bullmq")).replace(/index\.js$/, "postgres/sql-scripts.js"),
    "utf8",
  );
  const ours = readFileSync(
    new URL("../../src/engine/postgres/sql/functions/take_jobs.sql", import.meta.url),
    "utf8",
  );
  const names = [...ours.matchAll(/hashtext\('(bullmq:\w+:)\{\{bullmq_queue\}\}'\)/g)];
  expect(names.map(([, name]) => name)).toEqual(["bullmq:concurrency:", "bullmq:limiter:"]);
  for (const [, name] of names) expect(functions).toContain(`hashtext('${name}' || p_queue)`);
});

test("a rewrite that fits twice is an error, too", async () => {
  await expect(
    requireRewrites([{ statement: "any", part: "SELECT", by: () => "SELECT" }]),
  ).rejects.toMatchObject({ code: "UNSUPPORTED_LIBRARY" });
});

const options = { host: "127.0.0.1", lazyConnect: true };

test.each([
  ["setSocketTimeout", {}],
  ["socketTimeoutTimer", {}],
  ["connectToSentinel", { sentinels: [{ host: "127.0.0.1", port: 1 }], name: "mymaster" }],
])("an ioredis without %s is refused when a connection is made", (name, more) => {
  const prototype = Redis.prototype as unknown as Record<string, unknown>;
  const arm = prototype["setSocketTimeout"];
  const { connector } = new Redis({ ...options, ...more }) as unknown as { connector: object };
  const owner = name === "connectToSentinel" ? Object.getPrototypeOf(connector) : prototype;
  const member = name === "connectToSentinel" ? name : "setSocketTimeout";
  const before: unknown = owner[member];
  owner[member] = name === "socketTimeoutTimer" ? () => undefined : undefined;
  try {
    expect(() => connect({ ...options, ...more })).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED_LIBRARY",
        message: expect.stringContaining(name),
      }),
    );
  } finally {
    owner[member] = before;
  }
  expect(prototype["setSocketTimeout"]).toBe(arm);
});

test("a pg without what it does not declare is refused", async () => {
  const server = {
    url: inject("postgresUrl"),
    schema: "none",
    timeoutMs: 5_000,
    onError: () => undefined,
  };
  const get = Reflect.get.bind(Reflect);
  const without = (type: typeof Pool | typeof Client, name: string) =>
    vi
      .spyOn(Reflect, "get")
      .mockImplementation((target, key, ...rest) =>
        target instanceof type && key === name ? undefined : get(target, key, ...rest),
      );
  without(Pool, "_clients");
  await expect(connectServer(server)).rejects.toMatchObject({ code: "UNSUPPORTED_LIBRARY" });
  vi.restoreAllMocks();
  const database = await connectServer(server);
  without(Client, "processID");
  await expect(database.pool.query("SELECT 1")).rejects.toMatchObject({
    code: "UNSUPPORTED_LIBRARY",
    message: expect.stringContaining("processID"),
  });
  vi.restoreAllMocks();
  await database.close();
});
