// What examples/deploy builds and starts in containers, replayed on this machine: from the packed package to the end of its runs.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { parse } from "yaml";
import { PipelineScheduler } from "../../src/index.ts";
import { createTasks } from "../../src/tasks.ts";
import { end, outputOf, track } from "../helpers/children.ts";
import { packedProject } from "../helpers/packed-project.ts";
import { silent } from "../helpers/silent.ts";
import { eventually } from "../worker/test-scheduler.ts";
import { buildImage, type Image, makeReadOnly } from "./dockerfile.ts";

const DEPLOY = join(import.meta.dirname, "../../examples/deploy");
const isRoot = process.geteuid?.() === 0;
/** Takes long enough to be in the middle of it when its worker is told to end. */
const SLOW = {
  job_id: "slow",
  schedule: "2090-01-01T00:00:00Z",
  task: { type: "execute_command", command: "echo begun; id -u; sleep 4; echo ended" },
};

interface Service {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly deploy?: { readonly replicas: number };
}
const compose = parse(readFileSync(join(DEPLOY, "compose.yaml"), "utf8"), { merge: true }) as {
  readonly services: Readonly<Record<"api" | "worker", Service>>;
};

/** The first process of a container, or something that does its work. */
function needsTini(): void {
  if (!existsSync("/usr/bin/tini") && isRoot && existsSync("/usr/bin/apt-get")) {
    const options = { stdio: "ignore", timeout: 300_000 } as const;
    execFileSync("apt-get", ["update"], options);
    execFileSync("apt-get", ["install", "--yes", "--no-install-recommends", "tini"], options);
  }
  if (!existsSync("/usr/bin/tini")) throw new Error("The tests need tini: apt-get install tini");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A container: the image's first process, with what Compose gives it. */
class Container {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
  readonly #image: Image;
  readonly #port: number;
  readonly #env: Record<string, string>;

  constructor(image: Image, command: readonly string[], env: Record<string, string>, port: number) {
    this.#image = image;
    this.#port = port;
    this.#env = {
      PATH: process.env["PATH"] ?? "",
      // Here it is not the first process of its container.
      TINI_SUBREAPER: "1",
      ...image.env,
      CRONDUIT_JOBS_DIR: join(image.root, "etc/cronduit/jobs.d"),
      ...env,
      CRONDUIT_PORT: String(port),
    };
    const [file = "", ...words] = image.entrypoint.map((word) =>
      word.startsWith("/app/") ? join(image.root, word) : word,
    );
    this.child = spawn(file, [...words, ...command], this.#as("pipe"));
    track(this.child, command.join(" "));
    this.output = outputOf(this.child);
    this.ended = new Promise((resolve) => this.child.once("close", resolve));
  }

  /** The image's health check, by its exit code. */
  health(): number {
    const [name = "", ...args] = this.#image.healthCheck.map((word) =>
      word.replaceAll(String(this.#image.exposed), String(this.#port)),
    );
    try {
      execFileSync(name, args, this.#as("ignore"));
      return 0;
    } catch (error) {
      return (error as { readonly status: number }).status;
    }
  }

  /** What it logged, as JSON. */
  get logged(): Readonly<Record<string, unknown>>[] {
    const lines = this.output().split("\n");
    return lines
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  stop(): Promise<number | null> {
    this.child.kill("SIGTERM");
    return this.ended;
  }

  #as(stdio: "pipe" | "ignore") {
    const { user, root } = this.#image;
    const ids = isRoot ? { uid: user, gid: user } : {};
    return { cwd: join(root, "app"), env: this.#env, stdio, ...ids };
  }
}

describe.runIf(process.platform === "linux")("the image", () => {
  const place = mkdtempSync(join(tmpdir(), "cronduit-image-"));
  const containers: Container[] = [];
  let image: Image;
  let before: string;

  /** Every file of the image, with when it changed. */
  const state = (): string =>
    readdirSync(image.root, { recursive: true, encoding: "utf8" })
      .filter((name) => existsSync(join(image.root, name)))
      .map((name) => `${name} ${statSync(join(image.root, name)).mtimeMs}`)
      .toSorted((a, b) => (a < b ? -1 : 1))
      .join("\n");

  beforeAll(async () => {
    needsTini();
    const project = await packedProject();
    const context = join(place, "context");
    mkdirSync(context);
    chmodSync(place, 0o755);
    cpSync(DEPLOY, context, { recursive: true });
    // npm wrote where the tarball is, seen from the project.
    for (const name of ["package.json", "package-lock.json"]) {
      const text = readFileSync(join(project.dir, name), "utf8");
      const whole = text.replaceAll(
        /"file:([^"]+)"/g,
        (_, path: string) => `"file:${join(project.dir, path)}"`,
      );
      writeFileSync(join(context, name), whole);
    }
    writeFileSync(join(context, "jobs.d/slow.json"), JSON.stringify(SLOW), { mode: 0o644 });
    image = buildImage(context, place);
    project.remove();
    makeReadOnly(image.root);
    before = state();
  }, 400_000);

  afterEach(async () => {
    for (const { child } of containers.splice(0)) await end(child, "SIGTERM");
  });
  afterAll(() => {
    execFileSync("chmod", ["-R", "u+w", place]);
    rmSync(place, { recursive: true });
  });

  /** Starts a service of compose.yaml. */
  async function start(
    { command, environment }: Service,
    connection: string,
    env: Record<string, string>,
  ): Promise<Container> {
    const own = Object.entries(environment).map(([key, value]) => [
      key,
      value.replace(/^\$\{\w+:-(.*)\}$/, "$1").replace("/run/secrets/connection", connection),
    ]);
    const all = { ...(Object.fromEntries(own) as Record<string, string>), ...env };
    const container = new Container(image, command, all, await freePort());
    containers.push(container);
    return container;
  }

  test("is not root's, and can't be changed by its user", () => {
    expect(image.user).toBe(1000);
    expect(image.entrypoint.slice(0, 2)).toEqual(["/usr/bin/tini", "--"]);
    expect(image.command).toEqual(["start"]);
    const ids = isRoot ? { uid: image.user, gid: image.user } : {};
    for (const path of ["app/x", "app/node_modules/x", "etc/cronduit/jobs.d/x"])
      expect(spawnSync("touch", [join(image.root, path)], ids).status).toBe(1);
  });

  test.each(["redis", "postgres"] as const)(
    "on %s: first an account, then the API and two workers; healthy, and at their end runs end first",
    { timeout: 180_000 },
    async (server) => {
      const url = inject(server === "redis" ? "redisUrl" : "postgresUrl");
      const prefix = `image-${randomUUID().slice(0, 8)}`;
      const connection = join(place, `connection-${server}`);
      writeFileSync(connection, `${url}\n`, { mode: 0o444 });
      const env = { CRONDUIT_PREFIX: prefix };
      const { api, worker } = compose.services;

      const tooEarly = await start(api, connection, env);
      expect(await tooEarly.ended).toBe(2);
      expect(tooEarly.output()).toContain("PUBLIC_WITHOUT_ACCOUNTS");
      const create = { ...api, command: "user create ana --role admin".split(" ") };
      const created = await start(create, connection, env);
      expect([await created.ended, created.output()]).toEqual([0, expect.stringContaining("ana")]);

      const [first, ...workers] = [
        await start(api, connection, env),
        ...(await Promise.all(
          Array.from({ length: worker.deploy?.replicas ?? 0 }, () =>
            start(worker, connection, env),
          ),
        )),
      ];
      expect(workers).toHaveLength(2);
      for (const each of [first, ...workers])
        await eventually(`health: ${each.output()}`, () => each.health() === 0);

      await using scheduler = new PipelineScheduler({
        connection: url,
        prefix,
        worker: false,
        logger: silent,
        pipelines: Object.values(createTasks()),
      });
      await eventually("its jobs", async () => (await scheduler.getJob("slow")) !== undefined);
      const id = await scheduler.runJob("slow");
      await eventually("its begin", async () => (await scheduler.getLogs(id)).lines.length > 1);
      // The end of all workers, in the middle of the run.
      expect(await Promise.all(workers.map((each) => each.stop()))).toEqual([0, 0]);
      expect(await scheduler.getRun(id)).toMatchObject({ verdict: "succeeded" });
      const { lines } = await scheduler.getLogs(id);
      const uid = isRoot ? image.user : process.getuid?.();
      expect(lines.map(({ message }) => message)).toEqual(["begun", String(uid), "ended"]);
      const ends = workers.flatMap(({ logged }) => logged.filter(({ jobId }) => jobId === "slow"));
      expect(ends).toEqual([expect.objectContaining({ status: "SUCCESS" })]);
      for (const each of workers) expect(each.health()).toBe(1);
      expect(first.health()).toBe(0);
      expect(await first.stop()).toBe(0);
      expect(state()).toBe(before);
    },
  );
});
