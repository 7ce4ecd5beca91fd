import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { schemasOf } from "../../src/engine/postgres/schema-name.ts";
import { lineLogger, migrate, Pipeline, PipelineScheduler } from "../../src/index.ts";
import { testFirstStarts } from "../helpers/prepared-pglite.ts";
import { startProgram } from "../helpers/process.ts";

testFirstStarts();

class Noop extends Pipeline {
  run(): unknown {
    return { success: true };
  }
}

const WAIT = { timeout: 20_000, interval: 20 };
const OWN = [
  ...readdirSync(new URL("../../src/engine/postgres/sql/migrations", import.meta.url))
    .map((file) => file.replace(".sql", ""))
    .toSorted(),
  "functions",
];
const ALL = [expect.stringMatching(/^bullmq \d+$/), ...OWN];

async function sql(url: string, text: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** The server's URL for another role. */
function urlOf(role: string): string {
  const url = new URL(inject("postgresUrl"));
  url.username = role;
  return url.href;
}

/** A prefix, a role that may create, and one that may not, whose name needs quotes. */
async function twoRoles(): Promise<{
  prefix: string;
  owner: string;
  app: string;
  appRole: string;
}> {
  const id = randomUUID().slice(0, 8);
  const [ownerRole, appRole] = [`owner-${id}`, `app "${id}"`];
  const quoted = (role: string) => `"${role.replaceAll('"', '""')}"`;
  const admin = inject("postgresUrl");
  await sql(
    admin,
    `CREATE ROLE ${quoted(ownerRole)} LOGIN; CREATE ROLE ${quoted(appRole)} LOGIN;
     GRANT CREATE ON DATABASE postgres TO ${quoted(ownerRole)}`,
  );
  onTestFinished(() =>
    sql(
      admin,
      `DROP OWNED BY ${quoted(ownerRole)} CASCADE; DROP OWNED BY ${quoted(appRole)} CASCADE;
       DROP ROLE ${quoted(ownerRole)}; DROP ROLE ${quoted(appRole)}`,
    ),
  );
  return { prefix: `roles-${id}`, owner: urlOf(ownerRole), app: urlOf(appRole), appRole };
}

function schedulerAt(connection: string, prefix: string, mayMigrate: boolean): PipelineScheduler {
  return new PipelineScheduler({
    connection,
    prefix,
    pipelines: [Noop],
    migrate: mayMigrate,
    logger: lineLogger("error"),
  });
}

async function startError(scheduler: PipelineScheduler): Promise<unknown> {
  const error: unknown = await scheduler.start().catch((reason: unknown) => reason);
  await scheduler.shutdown();
  return error;
}

/** How many runs a job had after all that a scheduler asks of its server was asked. */
async function runsAfterUsingAll(scheduler: PipelineScheduler): Promise<number> {
  await using used = scheduler;
  const id = randomUUID();
  used.on("JOB_EXECUTED", () => undefined, { name: "named" });
  await used.start();
  await used.addJob(Noop, { id, trigger: "interval", milliseconds: 100 });
  await used.runJob(id);
  const count = async () => (await used.getRuns(id)).runs.length;
  await expect.poll(count, WAIT).toBeGreaterThanOrEqual(3);
  await used.pauseJob(id);
  await used.pause();
  await used.resume();
  await used.removeJob(id);
  // Without await, the scheduler would be closed while it is asked.
  return await count();
}

describe("a role that may create, and one that may not", () => {
  test("the one migrates, the other runs jobs and can change nothing", async () => {
    const { prefix, owner, app, appRole } = await twoRoles();
    const { own, queue } = schemasOf(prefix);
    expect(await startError(schedulerAt(app, prefix, false))).toMatchObject({
      code: "SCHEMA_OUTDATED",
      message: expect.stringMatching(/has not been made.*migrate\(connection/),
    });
    expect(await startError(schedulerAt(app, prefix, true))).toMatchObject({
      code: "SERVER_REFUSED",
      message: expect.stringContaining("permission denied"),
    });
    expect(await migrate(owner, { prefix, grantTo: [appRole] })).toEqual({ applied: ALL });
    expect(await migrate(owner, { prefix, grantTo: [appRole] })).toEqual({ applied: [] });
    const more = await migrate(owner, { prefix, queues: ["mail"], grantTo: [appRole] });
    expect(more.applied).toEqual(OWN.map((name) => `${name} of mail`));
    expect(await migrate(app, { prefix })).toEqual({ applied: [] });
    for (const mayMigrate of [false, true]) {
      expect(await runsAfterUsingAll(schedulerAt(app, prefix, mayMigrate))).toBeGreaterThan(2);
    }
    for (const text of [
      `CREATE TABLE "${own}".more (id int)`,
      `ALTER TABLE "${own}".jobs ADD more int`,
      `UPDATE "${own}".migrations SET functions = ''`,
      `DELETE FROM "${queue}".migration`,
      `DROP FUNCTION "${own}".admit`,
    ]) {
      await expect(sql(app, text)).rejects.toMatchObject({ code: "42501" });
    }
  }, 60_000);

  test("a schema of another version is refused until it is migrated, and rights come with what is new", async () => {
    const { prefix, owner, app, appRole } = await twoRoles();
    const { own } = schemasOf(prefix);
    await migrate(owner, { prefix, grantTo: [appRole] });
    await sql(owner, `UPDATE "${own}".migrations SET functions = 'others'`);
    expect(await startError(schedulerAt(app, prefix, false))).toMatchObject({
      code: "SCHEMA_OUTDATED",
      message: expect.stringContaining("is not that of this package"),
      data: { schema: own, version: OWN.length - 1, needed: OWN.length - 1 },
    });
    // A careful administrator's setup: nobody may call a new function without a grant.
    await sql(owner, "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC");
    expect(await migrate(owner, { prefix, grantTo: [appRole] })).toEqual({
      applied: ["functions"],
    });
    expect(await runsAfterUsingAll(schedulerAt(app, prefix, false))).toBeGreaterThan(2);
  }, 60_000);

  test("a role that is not there is told, and nothing was done", async () => {
    const { prefix, owner } = await twoRoles();
    const missing = migrate(owner, { prefix, grantTo: ["nobody"] });
    await expect(missing).rejects.toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", data: { path: "grantTo" } }),
    );
    expect((await migrate(owner, { prefix })).applied).toContain("functions");
  });
});

test("many processes start at once on an empty database, some of them to migrate", async () => {
  const prefix = `boot-${randomUUID().slice(0, 8)}`;
  const url = inject("postgresUrl");
  const programs = Array.from({ length: 6 }, () =>
    startProgram("test/engine/connect-program.ts", { args: [url, prefix, "wait"] }),
  );
  try {
    await Promise.all(programs.map((program) => program.waitFor(isMessage("ready"))));
    for (const program of programs) program.send({ go: true });
    const reports = await Promise.all(Array.from({ length: 4 }, () => migrate(url, { prefix })));
    await Promise.all(programs.map((program) => program.waitFor(isMessage("connected"))));
    expect(reports.flatMap(({ applied }) => applied.slice(1)).length).toBeLessThanOrEqual(
      OWN.length,
    );
    expect(await migrate(url, { prefix })).toEqual({ applied: [] });
  } finally {
    for (const program of programs) await program.kill("SIGKILL");
  }
}, 120_000);

function isMessage(name: string) {
  return (message: unknown): boolean =>
    typeof message === "object" && message !== null && name in message;
}

describe("migrate", () => {
  test("brings a folder up to date, and does nothing where there is nothing to do", async () => {
    const root = mkdtempSync(join(tmpdir(), "cronduit-migrate-"));
    const folder = `embedded://${join(root, "state")}`;
    expect(await migrate(folder)).toEqual({ applied: ALL });
    expect(await migrate(folder)).toEqual({ applied: [] });
    rmSync(root, { recursive: true });
    for (const connection of ["memory:", inject("redisUrl"), { port: 1 }])
      expect(await migrate(connection)).toEqual({ applied: [] });
  }, 120_000);

  test("tells what is wrong with its options and its server", async () => {
    const refusal = (path: string) =>
      expect.objectContaining({
        code: "INVALID_OPTION",
        data: expect.objectContaining({ path }) as unknown,
      });
    const misspelt = { prefix: "a", grant: ["x"] } as object;
    await expect(migrate("memory:", misspelt)).rejects.toThrow(refusal("grant"));
    await expect(migrate("memory:", { prefix: "a b" })).rejects.toThrow(refusal("prefix"));
    await expect(migrate("memory:", { grantTo: ["app"] })).rejects.toThrow(refusal("grantTo"));
    const nobody = "postgres://nobody:secret@127.0.0.1:1/none";
    await expect(migrate(nobody, { timeout: 0.5 })).rejects.toThrow(
      expect.objectContaining({ code: "CONNECTION_FAILED" }),
    );
  });
});
