import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { end, type Exit, outputOf, track } from "./children.ts";

/** Options of a Redis server. */
export interface RedisOptions {
  /** @default a free port */
  readonly port?: number;
  /** Where it stores its data. @default a new folder, removed by {@link RedisServer.dispose} */
  readonly dir?: string;
  /** Whether it logs every write, so that data survives a restart. @default false */
  readonly appendonly?: boolean;
  /** Whether it ignores Ctrl-C in the terminal, so that its owner can stop it last. @default false */
  readonly detached?: boolean;
  /** More arguments, e.g. `["--maxmemory", "2mb"]`. */
  readonly config?: readonly string[];
  /** Makes it a Sentinel with these lines in its configuration file. @default none: a data server */
  readonly sentinel?: readonly string[];
}

const START_LIMIT_MS = 30_000;
const POLL_MS = 20;

/** A private Redis server on this machine. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly dir: string;
  readonly #args: readonly string[];
  readonly #ownsDir: boolean;
  readonly #isDetached: boolean;
  #child: ChildProcess | undefined;

  private constructor(port: number, dir: string, options: RedisOptions) {
    this.port = port;
    this.dir = dir;
    this.#ownsDir = options.dir === undefined;
    this.#isDetached = options.detached ?? false;
    const appendonly = options.appendonly === true ? "yes" : "no";
    const args = `--port ${port} --bind 127.0.0.1 --dir ${dir}`.split(" ");
    this.#args = options.sentinel
      ? [sentinelFile(dir), "--sentinel", ...args]
      : [...args, "--appendonly", appendonly, "--save", "", ...(options.config ?? [])];
  }

  /** Starts a server and waits until it answers. */
  static async start(options: RedisOptions = {}): Promise<RedisServer> {
    const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "cronduit-redis-")));
    for (let attempt = 1; ; attempt += 1) {
      const server = new RedisServer(options.port ?? (await freePort()), dir, options);
      if (options.sentinel) await writeFile(sentinelFile(dir), `${options.sentinel.join("\n")}\n`);
      try {
        await server.#launch();
        return server;
      } catch (error) {
        // Between finding a free port and taking it, another process may have taken it.
        if (options.port === undefined && attempt < 3) continue;
        if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
        throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("This Redis server is not running");
    return pid;
  }

  /** Stops the process and keeps its data; {@link restart} brings it back. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
    const child = this.#child;
    this.#child = undefined;
    return child === undefined ? { code: 0, signal: null } : end(child, signal);
  }

  /** Restarts it on the same port with the same data. */
  async restart(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.stop(signal);
    await this.#launch();
  }

  /** Stops the process and removes its data. */
  async dispose(): Promise<void> {
    await this.stop();
    if (this.#ownsDir) await rm(this.dir, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #launch(): Promise<void> {
    const child = spawn(redisBinary(), this.#args, {
      stdio: ["ignore", "pipe", "pipe"],
      detached: this.#isDetached,
    });
    track(child, `redis-server on port ${this.port}`);
    const output = outputOf(child);
    const until = Date.now() + START_LIMIT_MS;
    while (!(await answersPing(this.port))) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`redis-server ended at its start: ${output()}`);
      if (Date.now() > until) {
        await end(child, "SIGKILL");
        throw new Error(`redis-server did not answer within ${START_LIMIT_MS} ms: ${output()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    // Another server on the same port might have answered instead.
    if (child.exitCode !== null) throw new Error(`redis-server ended at its start: ${output()}`);
    this.#child = child;
  }
}

/** Starts a private Redis server. Dispose of it, or use `await using`. */
export function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  return RedisServer.start(options);
}

/** A Sentinel writes what it discovers into it. */
function sentinelFile(dir: string): string {
  return join(dir, "sentinel.conf");
}

/** A port that is free at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("No port was assigned");
  return address.port;
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    const answer = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.setTimeout(1_000, () => answer(false));
    // It answers -LOADING while it reads its data.
    socket.once("data", (reply: Buffer) => answer(reply.toString().startsWith("+PONG")));
    socket.once("error", () => answer(false));
  });
}

let binary: string | undefined;

function redisBinary(): string {
  binary ??= findBinary() ?? installBinary();
  return binary;
}

function findBinary(): string | undefined {
  for (const name of ["redis-server", "valkey-server"]) {
    const found = spawnSync(name, ["--version"], { stdio: "ignore", timeout: 10_000 });
    if (found.status === 0) return name;
  }
  return undefined;
}

function installBinary(): string {
  const canInstall = process.getuid?.() === 0 && existsSync("/etc/debian_version");
  if (canInstall) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    for (const args of [["update"], ["install", "-y", "--no-install-recommends", "redis-server"]])
      spawnSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=120", ...args], {
        stdio: "ignore",
        timeout: 240_000,
        env,
      });
  }
  const found = findBinary();
  if (found !== undefined) return found;
  throw new Error(
    "There is no redis-server on the PATH. Install Redis 7 or newer (apt-get install redis-server, or brew install redis).",
  );
}
