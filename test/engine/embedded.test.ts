import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { openEmbedded } from "../../src/engine/embedded/embedded-database.ts";
import { lockFolder } from "../../src/engine/embedded/folder-lock.ts";
import { PipelineScheduler, PipelineWorker } from "../../src/index.ts";
import { TestEngine } from "../contract/test-engine.ts";
import { testFirstStarts } from "../helpers/prepared-pglite.ts";
import { startProgram } from "../helpers/process.ts";

testFirstStarts();

const PROGRAM = "test/engine/embedded-program.ts";

interface Kept {
  readonly kind: "kept";
  readonly jobId: string;
  readonly runId: string;
}

const isKind =
  <K extends string>(kind: K) =>
  (message: unknown): message is { kind: K; code?: string } =>
    typeof message === "object" && message !== null && "kind" in message && message.kind === kind;

describe("embedded in a folder", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cronduit-folder-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("killed by SIGKILL at any moment, nothing that was acknowledged is lost", async () => {
    const kept: Kept[] = [];
    for (let round = 0; round < 3; round += 1) {
      const program = startProgram(PROGRAM, { args: [folder, String(round)] });
      const isLast = (message: unknown): boolean =>
        isKind("kept")(message) && program.messages.filter(isKind("kept")).length >= 15 + round * 7;
      await program.waitFor(isLast, { timeoutMs: 120_000 });
      await program.kill("SIGKILL");
      kept.push(...(program.messages.filter(isKind("kept")) as unknown as Kept[]));
    }
    const bench = new TestEngine(`embedded://${folder}`, "kill");
    await bench.engine.open();
    try {
      expect(kept.length).toBeGreaterThan(50);
      const jobs = await bench.engine.jobs.get(kept.map(({ jobId }) => jobId));
      expect(jobs.filter((job) => job?.counts.succeeded !== 1)).toEqual([]);
      for (const { jobId, runId } of kept) {
        const [row, more] = await bench.ledger({ id: jobId, generation: 0 });
        expect(row).toMatchObject({ id: runId, state: "succeeded" });
        expect(more).toBeUndefined();
      }
    } finally {
      await bench.engine.close();
    }
  }, 240_000);

  test("a second process is refused while the first lives; the lock of a dead one is taken over", async () => {
    await using first = startProgram(PROGRAM, { args: [folder, "0"] });
    await first.waitFor(isKind("ready"), { timeoutMs: 120_000 });
    await using second = startProgram(PROGRAM, { args: [folder, "open"] });
    expect(await second.waitFor(isKind("refused"))).toMatchObject({ code: "FOLDER_IN_USE" });
    await first.kill("SIGKILL");
    await using third = startProgram(PROGRAM, { args: [folder, "open"] });
    await third.waitFor(isKind("opened"), { timeoutMs: 120_000 });
    await third.exited();
  }, 240_000);

  test("a process of the same number that is another one holds nothing, and rubbish is no lock", async () => {
    const lock = join(folder, "cronduit.lock");
    const bench = new TestEngine(`embedded://${folder}`, "kill");
    await bench.engine.open();
    const own = JSON.parse(readFileSync(lock, "utf8")) as { pid: number; started: string };
    expect(own.pid).toBe(process.pid);
    const same = new TestEngine(`embedded://${folder}`, "kill");
    await expect(same.engine.open()).rejects.toMatchObject({
      code: "FOLDER_IN_USE",
      message: expect.stringMatching(/by another scheduler or worker in this process\. Share/),
    });
    await bench.engine.close();
    for (const text of [JSON.stringify({ ...own, started: "1" }), "{ half"]) {
      writeFileSync(lock, text);
      const again = new TestEngine(`embedded://${folder}`, "kill");
      await again.engine.open();
      await again.engine.close();
    }
  }, 120_000);

  test("who listens is told, also by a statement that begins with a comment, as BullMQ's do", async () => {
    const database = await openEmbedded(folder, "public", systemClock);
    const client = await database.pool.connect();
    const told: unknown[] = [];
    const heard = new Promise<void>((resolve) => {
      client.on("notification", (message) => {
        told.push(message);
        if (told.length === 2) resolve();
      });
    });
    await client.query("LISTEN plain");
    await client.query("-- Why; and more.\n-- Why else.\nLISTEN commented;\n");
    await database.pool.query("SELECT pg_notify('plain', '1'), pg_notify('commented', '2')");
    await heard;
    expect(told).toEqual([
      { channel: "plain", payload: "1" },
      { channel: "commented", payload: "2" },
    ]);
    client.release();
    await database.close();
  });

  test("PostgreSQL takes less memory for itself than it would", async () => {
    // A new database, and then one that exists.
    for (let i = 0; i < 2; i += 1) {
      const database = await openEmbedded(folder, "public", systemClock);
      const { rows } = await database.pool.query("SHOW shared_buffers");
      expect(rows).toEqual([{ shared_buffers: "16MB" }]);
      await database.close();
    }
  });

  test("works where pg and ioredis can't be loaded", async () => {
    await using program = startProgram("test/engine/without-drivers-program.ts", {
      args: [folder],
    });
    expect(await program.waitFor(isKind("ran"), { timeoutMs: 120_000 })).toEqual({
      kind: "ran",
      retval: 42,
      refused: ["ioredis", "ioredis", "pg", "pg"],
    });
    await program.exited();
  }, 150_000);
});

describe("a folder that others can reach", () => {
  let folder: string;
  let lock: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cronduit-folder-"));
    lock = join(folder, "cronduit.lock");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** The holder of a lock, whose number may be that of anybody here. */
  const foreign = [
    ["another machine", { host: "elsewhere", space: null }],
    ["another container with the same host name", { host: hostname(), space: "pid:[1]" }],
  ] as const;
  const write = (holder: object): void =>
    writeFileSync(lock, JSON.stringify({ pid: process.pid, started: "1", ...holder }));

  test.each(foreign)("is held by a living process of %s", async (_, holder) => {
    write(holder);
    // Its clock is an hour behind.
    let at = Date.now() / 1_000 - 3_600;
    const touching = setInterval(() => utimesSync(lock, at, (at += 1)), 100);
    await expect(lockFolder(folder, systemClock)).rejects.toMatchObject({ code: "FOLDER_IN_USE" });
    clearInterval(touching);
  });

  test.each(foreign)(
    "is taken over from a dead process of %s, after a while",
    async (_, holder) => {
      write(holder);
      const quick = {
        ...systemClock,
        elapsed: () => systemClock.elapsed() * 20,
        after: (delayMs: number, action: () => void) => systemClock.after(delayMs / 20, action),
      };
      const from = quick.elapsed();
      const unlock = await lockFolder(folder, quick);
      expect(quick.elapsed() - from).toBeGreaterThan(15_000);
      await unlock();
      expect(existsSync(lock)).toBe(false);
    },
  );

  test.each([
    ["is a file", () => lock],
    ["can't be made", () => join(lock, "below")],
    ["has no name that the system takes", () => `${folder}\0`],
  ])("that %s is told with its path, and what the system said", async (_, path) => {
    writeFileSync(lock, "");
    await expect(openEmbedded(path(), "public", systemClock)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      data: { path: "connection" },
      message: expect.stringMatching(/^connection: the folder ".*" can't be used: \S/s),
    });
  });
});

describe("connections", () => {
  test("a worker of its own is refused in memory", () => {
    expect(() => new PipelineWorker({ connection: "memory:" })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });

  test("an embedded engine without a folder is refused, and both ways out are told", () => {
    for (const connection of ["embedded://", "embedded:"])
      expect(() => new PipelineScheduler({ connection })).toThrow(
        expect.objectContaining({
          code: "INVALID_OPTION",
          message: expect.stringMatching(/"embedded:\/\/folder", or "memory:"/),
        }),
      );
  });

  test("a scheduler without connection says where its jobs are and how to outgrow it", async () => {
    const lines: string[] = [];
    const silent = { debug: () => {}, warn: () => {}, error: () => {} };
    await using _ = new PipelineScheduler({
      logger: { ...silent, info: (line) => void lines.push(line) },
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/memory.*embedded:\/\/.*postgres:\/\/.*redis:\/\//);
  });

  test("an unknown scheme is refused at once, and its password is not told", () => {
    const connection = "mysql://user:secret@host/db";
    expect(() => new PipelineScheduler({ connection })).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.not.stringContaining("secret"),
      }),
    );
  });
});
