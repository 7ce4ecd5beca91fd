import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ConnectionOption } from "../../src/index.ts";
import { lineLogger, Pipeline, PipelineScheduler } from "../../src/index.ts";
import { type Certificate, makeCertificate } from "../helpers/certificate.ts";
import { startProgram } from "../helpers/process.ts";
import { freePort, type RedisServer, startRedis } from "../helpers/redis-server.ts";

class Noop extends Pipeline {
  run(): unknown {
    return { success: true };
  }
}

const WAIT = { timeout: 20_000, interval: 20 };
const PREFIX = "least";
/** As docs/redis.md has it. */
const LEAST_RIGHTS = [`~{${PREFIX}:*`, "+@all", "-@admin", "-@dangerous"];

function schedulerAt(connection: ConnectionOption, lines: string[] = []): PipelineScheduler {
  return new PipelineScheduler({
    connection,
    prefix: PREFIX,
    pipelines: [Noop],
    logger: lineLogger("debug", (line) => void lines.push(line)),
    timeout: 3,
  });
}

/** Runs one job from its addition to its verdict, and what else a scheduler asks of its server. */
async function expectAllToWork(scheduler: PipelineScheduler): Promise<void> {
  const id = randomUUID();
  await scheduler.start();
  await scheduler.addJob(Noop, { id, trigger: "interval", milliseconds: 100 });
  await scheduler.runJob(id);
  await expect
    .poll(async () => (await scheduler.getRuns(id)).runs.length, WAIT)
    .toBeGreaterThanOrEqual(3);
  await scheduler.pauseJob(id);
  await scheduler.pause();
  await scheduler.resume();
  expect(await scheduler.getWorkers()).toHaveLength(1);
  await scheduler.removeJob(id);
}

describe("TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "cronduit-tls-"));
  let certificate: Certificate;
  let server: RedisServer;
  let tlsPort: number;

  beforeAll(async () => {
    certificate = makeCertificate(folder);
    tlsPort = await freePort();
    const { certFile, keyFile } = certificate;
    const files = ["--tls-cert-file", certFile, "--tls-key-file", keyFile];
    const rules = ["--tls-ca-cert-file", certFile, "--tls-auth-clients", "no"];
    server = await startRedis({ config: ["--tls-port", String(tlsPort), ...files, ...rules] });
  }, 60_000);
  afterAll(async () => {
    await server.dispose();
    rmSync(folder, { recursive: true });
  });

  test("works by ioredis' options", async () => {
    const tls = { ca: certificate.cert };
    await using scheduler = schedulerAt({ host: "localhost", port: tlsPort, tls });
    await expectAllToWork(scheduler);
    expect(scheduler.engine).toMatch(new RegExp(`^redis .* at localhost:${tlsPort}$`));
  }, 60_000);

  test("works by a rediss:// URL where Node trusts the certificate, with a user and a password in it", async () => {
    const client = new Redis(server.url);
    await client.call("acl", "SETUSER", "t", "on", ">p", ...LEAST_RIGHTS);
    client.disconnect();
    await using program = startProgram("test/engine/connect-program.ts", {
      args: [`rediss://t:p@localhost:${tlsPort}`, PREFIX],
      env: { NODE_EXTRA_CA_CERTS: certificate.certFile },
    });
    expect(await program.waitFor(() => true)).toEqual({ connected: true });
  }, 60_000);

  test("a certificate that nobody vouches for is told within the timeout", async () => {
    await using scheduler = schedulerAt(`rediss://localhost:${tlsPort}`);
    const refused = expect.objectContaining({
      code: "CONNECTION_FAILED",
      message: expect.stringContaining("self-signed certificate"),
    });
    await expect(scheduler.start()).rejects.toEqual(refused);
  }, 60_000);
});

describe("users", () => {
  let server: RedisServer;
  let admin: Redis;
  let serverVersion: string | undefined;

  beforeAll(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
    await admin.call("acl", "SETUSER", "least", "on", ">secret", ...LEAST_RIGHTS);
    await admin.call(
      "acl",
      "SETUSER",
      "none",
      "on",
      ">secret",
      ...LEAST_RIGHTS,
      "-evalsha",
      "-eval",
    );
    await admin.call("acl", "SETUSER", "admin", "on", ">secret", "~*", "+@all");
    await admin.auth("admin", "secret");
    serverVersion = /redis_version:(\S+)/.exec(await admin.info())?.[1];
    await admin.call("acl", "SETUSER", "default", ">secret");
  }, 60_000);
  afterAll(async () => {
    admin.disconnect();
    await server.dispose();
  });

  test("one without the right to INFO or CONFIG runs jobs; nothing is printed, the version is known", async () => {
    const user = { port: server.port, username: "least", password: "secret" };
    const client = new Redis({ ...user, enableReadyCheck: false });
    await expect(client.info()).rejects.toThrow("NOPERM");
    await expect(client.config("GET", "save")).rejects.toThrow("NOPERM");
    client.disconnect();
    const printed = vi.spyOn(console, "warn");
    const lines: string[] = [];
    await using scheduler = schedulerAt(user, lines);
    await expectAllToWork(scheduler);
    expect(`redis ${serverVersion} at localhost:${server.port}`).toBe(scheduler.engine);
    // A busy machine may skip an occurrence, which is a warning of its job.
    expect(lines.join("")).not.toMatch(/warn: (?!job )|on disk/);
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  }, 60_000);

  test("where a server tells nothing of itself, it is taken for the oldest that is supported", async () => {
    const gone = ["INFO", "CONFIG", "HELLO"].flatMap((name) => ["--rename-command", name, ""]);
    await using silent = await startRedis({ config: gone });
    await using scheduler = schedulerAt(silent.url);
    await expectAllToWork(scheduler);
    expect(scheduler.engine).toBe(`redis 6.2.0 at 127.0.0.1:${silent.port}`);
  }, 60_000);

  test.each([
    ["a wrong password", "redis://least:wrong@127.0.0.1", /WRONGPASS/],
    ["no password", "redis://127.0.0.1", /NOAUTH/],
  ])("%s is told at once", async (_, url, words) => {
    await using scheduler = schedulerAt(`${url}:${server.port}`);
    const error: unknown = await scheduler.start().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "SERVER_REFUSED", message: expect.stringMatching(words) });
    expect(String(error)).not.toContain("wrong@");
  });

  test("a right that is missing is told by the call that needs it", async () => {
    const connection = { port: server.port, username: "none", password: "secret" };
    await using scheduler = schedulerAt(connection);
    const added = scheduler.addJob(Noop, { trigger: "interval", seconds: 1 });
    await expect(added).rejects.toMatchObject({
      code: "SERVER_REFUSED",
      message: expect.stringMatching(/^[\w ]+: redis .* refused: NOPERM .*evalsha/),
    });
  });

  test("a server whose memory is full refuses, and says so", async () => {
    const connection = { port: server.port, username: "least", password: "secret" };
    await using scheduler = schedulerAt(connection);
    await scheduler.start();
    await admin.config("SET", "maxmemory", "1");
    const added = scheduler.addJob(Noop, { trigger: "interval", seconds: 1 });
    await expect(added).rejects.toMatchObject({
      code: "SERVER_REFUSED",
      message: expect.stringMatching(/refused: OOM/),
    });
    await admin.config("SET", "maxmemory", "0");
    await scheduler.addJob(Noop, { trigger: "interval", seconds: 1 });
    await scheduler.removeAllJobs();
  });
});

test("a call that meets a replica waits until its server is a master again", async () => {
  await using server = await startRedis();
  const admin = new Redis(server.url);
  await using scheduler = new PipelineScheduler({
    connection: server.url,
    pipelines: [Noop],
    logger: lineLogger("error", () => undefined),
  });
  await scheduler.start();
  // As after a failover: it serves what it has, and takes no writes.
  await admin.replicaof("127.0.0.1", 1);
  const added = scheduler.addJob(Noop, { trigger: "interval", milliseconds: 50 });
  await new Promise((resolve) => setTimeout(resolve, 500));
  await admin.replicaof("NO", "ONE");
  admin.disconnect();
  const { id } = await added;
  await expect
    .poll(async () => (await scheduler.getRuns(id)).runs.length, WAIT)
    .toBeGreaterThanOrEqual(2);
}, 60_000);

test("an idle scheduler whose server is gone shuts down all the same", async () => {
  const server = await startRedis();
  const scheduler = new PipelineScheduler({
    connection: server.url,
    pipelines: [Noop],
    logger: lineLogger("error", () => undefined),
    timeout: 0.5,
  });
  await scheduler.start();
  await scheduler.addJob(Noop, { id: "job", trigger: "interval", hours: 1 });
  await server.dispose();
  await scheduler.shutdown();
  expect(await scheduler.health()).toMatchObject({ ok: false });
}, 60_000);

test.each([
  [{ keyPrefix: "app:" }, "keyPrefix", /Use the option prefix/],
  [{ commandTimeout: 5_000 }, "commandTimeout", /Use the option timeout/],
  [{ enableOfflineQueue: false }, "enableOfflineQueue", /wait for a lost connection/],
  [{ stringNumbers: true }, "stringNumbers", /numbers/],
  [{ sentinels: [{ port: 1 }], name: "m", role: "slave" as const }, "role", /no writes/],
  ["redis://127.0.0.1/?keyPrefix=app", "keyPrefix", /Use the option prefix/],
  [{ cluster: [{ port: 1 }], keyPrefix: "app:" }, "keyPrefix", /Use the option prefix/],
  [
    { cluster: [{ port: 1 }], redisOptions: { keyPrefix: "app:" } },
    "redisOptions.keyPrefix",
    /Use the option prefix/,
  ],
])("an option of ioredis that would break the engine is refused: %j", (connection, name, why) => {
  const refusal = expect.objectContaining({
    code: "INVALID_OPTION",
    message: expect.stringMatching(why),
    data: { path: `connection.${name}` },
  });
  expect(() => schedulerAt(connection)).toThrow(refusal);
});

test.each<[string, () => unknown, RegExp]>([
  ["a list", () => [{ host: "a" }], /list/],
  ["no node of a cluster", () => ({ cluster: [] }), /at least one node/],
  ["a cluster's address alone", () => ({ cluster: "redis://a" }), /at least one node/],
  ["a URL among options", () => ({ url: "redis://a" }), /Give the URL itself/],
  ["a connection", () => new Redis({ lazyConnect: true }), /can't be shared/],
])("what would connect to this machine instead is refused: %s", (_, connection, why) => {
  expect(() => schedulerAt(connection() as ConnectionOption)).toThrow(
    expect.objectContaining({
      code: "INVALID_OPTION",
      message: expect.stringMatching(why),
      data: { path: "connection" },
    }),
  );
});
