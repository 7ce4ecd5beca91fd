import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createClient } from "../../src/api/client/create-client.ts";
import { createApi } from "../../src/api/create-api.ts";
import { toNodeListener } from "../../src/api/edge/node-listener.ts";
import type { Io } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { silentLogger } from "../../src/core/log.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { createTasks } from "../../src/tasks/create-tasks.ts";

/** The ways in which a command reaches a fleet. */
export const WAYS = ["process", "socket", "url"] as const;
export type Way = (typeof WAYS)[number];

/** What a command did. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** How a command is run. */
export interface Running {
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly columns?: number;
  readonly isTerminal?: boolean;
  /** What is typed at the terminal. */
  readonly typed?: string;
  readonly clock?: Clock;
}

/** Runs a command in this process. */
export async function cronduit(
  argv: readonly string[],
  { env = {}, signal, columns, isTerminal = false, typed, clock }: Running & { cwd: string },
  cwd = tmpdir(),
): Promise<Ran> {
  let [out, err] = ["", ""];
  const stdin = Readable.from(typed === undefined ? [] : [typed]);
  const io: Io = {
    stdout: { write: (text) => (out += text), isTerminal },
    stderr: { write: (text) => (err += text), isTerminal },
    stdin: Object.assign(stdin, { isTTY: isTerminal }),
    env,
    cwd,
    columns,
    userName: "ana",
    uid: process.getuid?.(),
    clock: clock ?? systemClock,
    signal: signal ?? new AbortController().signal,
  };
  return { code: await main(argv, io), out, err };
}

/** A fleet with a daemon's doors: a connection, a Unix socket, and a URL. */
export class CliFleet implements AsyncDisposable {
  readonly scheduler: PipelineScheduler;
  readonly tasks = createTasks({ environment: process.env });
  readonly folder: string;
  readonly #servers: readonly Server[];
  readonly #ways: Readonly<Record<Way, readonly string[]>>;

  private constructor(
    scheduler: PipelineScheduler,
    folder: string,
    servers: readonly Server[],
    ways: Readonly<Record<Way, readonly string[]>>,
  ) {
    this.scheduler = scheduler;
    this.folder = folder;
    this.#servers = servers;
    this.#ways = ways;
  }

  /** @param worker Whether anything runs. */
  static async start(connection: string, worker = true): Promise<CliFleet> {
    const folder = await mkdtemp(join(tmpdir(), "cronduit-cli-"));
    const prefix = `cli_${randomUUID().slice(0, 8)}`;
    const scheduler = new PipelineScheduler({
      connection,
      prefix,
      worker,
      pipelines: Object.values(createTasks({ environment: process.env })) as never,
      logger: silentLogger,
    });
    await scheduler.start();
    const api = createApi({ scheduler, auth: {}, allowCommands: ["role:admin"] });
    const local = api.as({ kind: "cli", id: "ana" });
    const client = createClient({ url: "http://localhost/api", fetch: local.fetch });
    await client.createUser({ body: { id: "ana", role: "admin" } });
    const { secret } = await client.createToken({
      body: { name: "cli", user: "ana", role: "admin" },
    });
    const socket = join(folder, "cronduit.sock");
    const unix = serverOf(local).listen(socket);
    const tcp = serverOf(api).listen(0, "127.0.0.1");
    await Promise.all([once(unix, "listening"), once(tcp, "listening")]);
    const address = tcp.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const ways = {
      process: ["--connection", connection, "--prefix", prefix],
      socket: ["--socket", socket],
      url: ["--url", `http://127.0.0.1:${port}`, "--token", secret],
    };
    return new CliFleet(scheduler, folder, [unix, tcp], ways);
  }

  /** The flags that reach it. */
  flags(way: Way): readonly string[] {
    return this.#ways[way];
  }

  /** Runs a command that reaches it in one of the ways; what stands behind `--` stays there. */
  run(way: Way, argv: readonly string[], running: Running = {}): Promise<Ran> {
    const [before, after] = [argv, argv.indexOf("--")];
    const flags = [...this.flags(way), "--tz", "UTC"];
    const words = after < 0 ? [...before, ...flags] : argv.toSpliced(after, 0, ...flags);
    return cronduit(words, { cwd: this.folder, ...running }, this.folder);
  }

  /** The JSON that a command prints. */
  async json(way: Way, argv: readonly string[]): Promise<unknown> {
    const { code, out, err } = await this.run(way, [...argv, "-o", "json"]);
    if (code !== 0) throw new Error(err);
    return JSON.parse(out);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
    await this.scheduler.shutdown({ wait: false });
    await rm(this.folder, { recursive: true, force: true });
  }
}

function serverOf(api: Parameters<typeof toNodeListener>[0]): Server {
  const listen = toNodeListener(api);
  return createServer((request, response) => void listen(request, response));
}
