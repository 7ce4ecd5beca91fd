import { createServer } from "node:net";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { answersAt } from "../../src/cli/connect/answers-at.ts";
import { socketPathOf } from "../../src/cli/connect/socket-path.ts";
import { silentLogger } from "../../src/core/log.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { createTasks } from "../../src/tasks/create-tasks.ts";
import { cronduit } from "./cli-fleet.ts";

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "cronduit-connect-"));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));
const run = (argv: readonly string[], env = {}) => cronduit(argv, { cwd, env }, cwd);

describe("where the socket is", () => {
  test("in the folder, below the working directory", () => {
    expect(socketPathOf(".cronduit", {}, "/home/ana")).toBe("/home/ana/.cronduit/cronduit.sock");
    expect(socketPathOf("/var/lib/cronduit", {}, "/")).toBe("/var/lib/cronduit/cronduit.sock");
  });

  test("in the user's own folder if the path is too long: another for each folder", () => {
    const env = { XDG_RUNTIME_DIR: "/run/user/1000" };
    const [one, two] = ["a", "b"].map((name) => socketPathOf(`/${name.repeat(120)}`, env, "/"));
    expect(one).toMatch(/^\/run\/user\/1000\/cronduit-[0-9a-f]{16}\.sock$/);
    expect(one).not.toBe(two);
    expect(() => socketPathOf(`/${"a".repeat(120)}`, {}, "/")).toThrow("too long for a socket");
    // Bytes count, and not characters.
    expect(socketPathOf(`/${"ä".repeat(60)}`, env, "/")).toMatch(/^\/run/);
  });

  test("one that a dead daemon left behind does not answer", async () => {
    const path = join(cwd, "cronduit.sock");
    expect(await answersAt(path)).toBe(false);
    await writeFile(path, "");
    expect(await answersAt(path)).toBe(false);
    await rm(path);
    const server = createServer().listen(path);
    await once(server, "listening");
    expect(await answersAt(path)).toBe(true);
    server.close();
  });
});

describe("an embedded folder", () => {
  test("is not made by asking for it", async () => {
    const { code, err } = await run(["job", "list", "--connection", "embedded://gone"]);
    expect(code).toBe(5);
    expect(err).toMatch(/There is no fleet in the folder .*gone\./);
    await mkdir(join(cwd, "empty"));
    expect((await run(["job", "list", "--connection", "embedded://empty"])).code).toBe(5);
  });

  test("is opened while no daemon is there, and not while another process has it", async () => {
    const folder = join(cwd, "state");
    const connection = `embedded://${folder}`;
    const tasks = createTasks({});
    const options = { connection, pipelines: Object.values(tasks) as never, logger: silentLogger };
    const scheduler = new PipelineScheduler(options);
    await scheduler.addJob(tasks.command, {
      id: "report",
      trigger: "cron",
      hour: 1,
      params: { command: ["true"] },
    });
    const held = await run(["job", "list", "--connection", connection]);
    expect(held.code).toBe(6);
    expect(held.err).toContain("FOLDER_IN_USE");
    await scheduler.shutdown();
    const opened = await run(["job", "list", "-o", "ndjson"], { CRONDUIT_CONNECTION: connection });
    expect(opened.code).toBe(0);
    expect(JSON.parse(opened.out)).toMatchObject({ id: "report" });
  }, 120_000);
});

test("a schema of another version is 6, and stays as it is", async () => {
  const argv = ["job", "list", "--connection", inject("postgresUrl"), "--prefix", "cli_no_schema"];
  const { code, err } = await run(argv);
  expect(code).toBe(6);
  expect(err).toMatch(/cronduit migrate {3}SCHEMA_OUTDATED \(exit 6\)/);
  expect((await run(argv)).code).toBe(6);
});

describe("a token", () => {
  test("is not sent without encryption, but to this machine", async () => {
    const { code, err } = await run(["job", "list", "--url", "http://192.0.2.1", "--token", "x"]);
    expect(code).toBe(2);
    expect(err).toContain("would be sent to 192.0.2.1 without encryption");
    expect((await run(["job", "list", "--url", "http://127.0.0.1:1", "--token", "x"])).code).toBe(
      5,
    );
  });

  test("of the environment is not sent to where a file says that lies there", async () => {
    await writeFile(join(cwd, "cronduit.toml"), 'url = "https://192.0.2.1"\n');
    const { code, err } = await run(["job", "list"], { CRONDUIT_TOKEN: "x" });
    expect(code).toBe(2);
    expect(err).toContain("cronduit.toml:1 says where to send the token of CRONDUIT_TOKEN");
  });
});

test("config: every setting, its source, and no secret", async () => {
  await writeFile(join(cwd, "secret"), "hunter2-hunter2-hunter2-hunter2-hunter2");
  await writeFile(join(cwd, "cronduit.toml"), 'jwt_secret_file = "secret"\nport = 1\n');
  const env = { CRONDUIT_TOKEN: "hunter2", CRONDUIT_CONNECTION: "redis://ana:hunter2@host/0" };
  const { out, code } = await run(["config", "-o", "json"], env);
  expect(code).toBe(0);
  expect(out).not.toContain("hunter2");
  const { items } = JSON.parse(out) as { items: { name: string }[] };
  const of = (name: string) => items.find((item) => item.name === name);
  expect(of("token")).toEqual({
    name: "token",
    value: "********",
    from: "environment",
    where: "CRONDUIT_TOKEN",
  });
  expect(of("connection")).toMatchObject({ value: "redis://…@host/0" });
  expect(of("port")).toMatchObject({ value: 1, from: "file", where: "cronduit.toml:2" });
  expect((await run(["config"], env)).out).not.toContain("hunter2");
});
