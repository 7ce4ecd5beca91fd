import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestProject } from "vitest/node";
import { end, outputOf, track } from "./children.ts";
import { isNeeded } from "./is-needed.ts";
import { freePort } from "./redis-server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The server that all test files share; each test uses its own prefix, and so its own schema. */
    postgresUrl: string;
  }
}

const START_LIMIT_MS = 60_000;
const DEBIAN = "/usr/lib/postgresql";
const MISSING =
  "The tests need PostgreSQL 14 or newer: install its server, e.g. `apt-get install postgresql`, so that initdb and postgres stand in PATH or under /usr/lib/postgresql.";

/** The folder of the newest PostgreSQL on this machine. */
function findBinaries(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  const debian = versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN, version, "bin"));
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...debian];
  return folders.find((folder) =>
    ["initdb", "postgres"].every((name) => existsSync(join(folder, name))),
  );
}

function binaries(): string {
  const found = findBinaries();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    const options = { stdio: "ignore", timeout: 300_000 } as const;
    try {
      execFileSync("apt-get", ["update"], options);
      execFileSync("apt-get", ["install", "-y", "--no-install-recommends", "postgresql"], options);
    } catch {
      throw new Error(MISSING);
    }
  }
  const installed = findBinaries();
  if (installed === undefined) throw new Error(MISSING);
  return installed;
}

/** PostgreSQL and PgBouncer refuse to run as root; they are started as `postgres` then. */
export function postgresUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** Whether somebody listens there. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(socket.destroy() !== undefined));
    socket.once("error", () => resolve(false));
  });
}

/** A private PostgreSQL on this machine: nothing of it is synced to the disk. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #dir: string;
  readonly #bin: string;
  readonly #detached: boolean;
  #child: ChildProcess | undefined;

  private constructor(port: number, dir: string, bin: string, detached: boolean) {
    this.port = port;
    this.#dir = dir;
    this.#bin = bin;
    this.#detached = detached;
  }

  /** @param detached Signals of the terminal do not reach it. */
  static async start({ detached = false } = {}): Promise<PostgresServer> {
    const bin = binaries();
    const dir = await mkdtemp(join(tmpdir(), "cronduit-postgres-"));
    const as = postgresUser();
    if (as) chownSync(dir, as.uid, as.gid);
    const args = `-D ${dir}/data -U cronduit -A trust -E UTF8 --no-sync --no-instructions`;
    execFileSync(join(bin, "initdb"), args.split(" "), { stdio: "ignore", cwd: dir, ...as });
    const server = new PostgresServer(await freePort(), dir, bin, detached);
    await server.launch();
    return server;
  }

  get url(): string {
    return `postgres://cronduit@127.0.0.1:${this.port}/postgres`;
  }

  /** Where its socket is. */
  get socketFolder(): string {
    return this.#dir;
  }

  /** Of the first of its processes. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts the server, also again after {@link stop}. */
  async launch(): Promise<void> {
    const settings = [
      `listen_addresses=127.0.0.1`,
      `unix_socket_directories=${this.socketFolder}`,
      `fsync=off`,
      `full_page_writes=off`,
      `max_connections=300`,
    ];
    const args = ["-D", join(this.#dir, "data"), "-p", String(this.port)];
    const child = spawn(
      join(this.#bin, "postgres"),
      args.concat(settings.flatMap((setting) => ["-c", setting])),
      {
        stdio: ["ignore", "pipe", "pipe"],
        cwd: this.#dir,
        detached: this.#detached,
        ...postgresUser(),
      },
    );
    this.#child = child;
    const output = outputOf(child);
    track(child, "postgres");
    const until = Date.now() + START_LIMIT_MS;
    while (!(await answers(this.port))) {
      if (child.exitCode !== null || Date.now() > until)
        throw new Error(`postgres did not start: ${output()}`);
      await sleep(20);
    }
  }

  /** SIGINT is PostgreSQL's fast shutdown: connections are ended. */
  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<void> {
    if (this.#child) await end(this.#child, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** vitest's global set-up: one server for all test files. */
export default async function setup(
  project: TestProject,
): Promise<(() => Promise<void>) | undefined> {
  if (!(await isNeeded(project, "postgres"))) return undefined;
  const server = await PostgresServer.start();
  project.provide("postgresUrl", server.url);
  return () => server[Symbol.asyncDispose]();
}
