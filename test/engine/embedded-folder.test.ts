import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { EMBEDDED_VERSION } from "../../src/engine/embedded/database-folder.ts";
import { openEmbedded } from "../../src/engine/embedded/embedded-database.ts";
import { makeEngine } from "../../src/engine/open-engine.ts";
import { silent } from "../helpers/silent.ts";
import { testFirstStarts } from "../helpers/prepared-pglite.ts";
import { startProgram } from "../helpers/process.ts";

testFirstStarts();

const WAL = /^[\dA-F]{24}$/;
let whole: string;
let server: { server_version: string } | undefined;
beforeAll(async () => {
  whole = mkdtempSync(join(tmpdir(), "cronduit-whole-"));
  const database = await openEmbedded(whole, "public", systemClock);
  await database.pool.query("CREATE TABLE kept (a integer)");
  ({
    rows: [server],
  } = await database.pool.query<{ server_version: string }>("SHOW server_version"));
  await database.close();
}, 120_000);
afterAll(() => rmSync(whole, { recursive: true, force: true }));

/** A copy of a folder that is in order. */
function copy(): string {
  const folder = mkdtempSync(join(tmpdir(), "cronduit-copy-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(whole, folder, { recursive: true });
  return folder;
}

describe("a folder of the embedded engine", () => {
  test("is of the version that the engine knows", () => {
    expect(server?.server_version.split(".")[0]).toBe(EMBEDDED_VERSION);
  });

  test("keeps its files from everybody else, also in a folder that others may enter", async () => {
    const folder = copy();
    chmodSync(folder, 0o755);
    chmodSync(join(folder, "data"), 0o755);
    const database = await openEmbedded(folder, "public", systemClock);
    await database.close();
    expect(statSync(join(folder, "data")).mode & 0o777).toBe(0o700);
    expect(statSync(join(whole, "data")).mode & 0o777).toBe(0o700);
  });

  test("that another version made is refused, and stays as it is", async () => {
    const folder = copy();
    writeFileSync(join(folder, "data/PG_VERSION"), "16\n");
    await expect(openEmbedded(folder, "public", systemClock)).rejects.toMatchObject({
      code: "UNSUPPORTED_SERVER",
      data: { folder, version: "16", needed: EMBEDDED_VERSION },
      message: expect.stringMatching(/PostgreSQL 16.*exportState/s) as string,
    });
  });

  test.each<readonly [string, (data: string) => void]>([
    ["has no PG_VERSION", (data) => rmSync(join(data, "PG_VERSION"))],
    ["has no control file", (data) => rmSync(join(data, "global/pg_control"))],
    ["has no tables", (data) => rmSync(join(data, "base"), { recursive: true })],
    ["has no log", (data) => rmSync(join(data, "pg_wal"), { recursive: true })],
    [
      "has a log that is broken",
      (data) => {
        for (const name of readdirSync(join(data, "pg_wal")).filter((each) => WAL.test(each)))
          writeFileSync(join(data, "pg_wal", name), Buffer.alloc(16 * 1024 * 1024, 7));
      },
    ],
  ])("that %s is told with its path, the reason and what to do", async (_, damage) => {
    const folder = copy();
    damage(join(folder, "data"));
    const before = readdirSync(join(folder, "data"));
    await expect(openEmbedded(folder, "public", systemClock)).rejects.toMatchObject({
      code: "FOLDER_DAMAGED",
      data: { folder },
      message: expect.stringMatching(/".*" can't be opened: .*copy of the folder/s) as string,
    });
    const after = readdirSync(join(folder, "data")).filter((name) => name !== "postmaster.pid");
    expect(after).toEqual(before);
    expect(existsSync(join(folder, "cronduit.lock"))).toBe(false);
  });

  test("that a process died over while it made it is made anew", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cronduit-half-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const program = startProgram("test/engine/embedded-program.ts", { args: [folder, "0"] });
    await expect
      .poll(() => existsSync(join(folder, "data")), { timeout: 60_000, interval: 1 })
      .toBe(true);
    await program.kill("SIGKILL");
    const database = await openEmbedded(folder, "public", systemClock);
    expect((await database.pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await database.close();
  }, 120_000);

  test("is the one that its name meant when the engine was made", async () => {
    const [first, second] = [copy(), copy()];
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(first);
    const engine = makeEngine({
      connection: "embedded://state",
      prefix: "moved",
      clock: systemClock,
      logger: silent,
      timeoutMs: 60_000,
    });
    process.chdir(second);
    await engine.open();
    await engine.close();
    expect([first, second].map((folder) => existsSync(join(folder, "state")))).toEqual([
      true,
      false,
    ]);
  });
});
