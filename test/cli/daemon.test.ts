// `cronduit start`: the real program, with real files, programs, signals and sockets.
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { createClient } from "../../src/api/client/create-client.ts";
import { overSocket } from "../../src/api/client/over-socket.ts";
import {
  cronduit,
  executed,
  runCronduit,
  says,
  startDaemon,
  temporaryFolder,
} from "../helpers/cronduit.ts";

const SLOW = 120_000;
const MEMORY = ["--connection", "memory:"] as const;

/** A folder of jobs, and what may be written to it. */
function jobsFolder(jobs: Readonly<Record<string, object>> = {}) {
  const folder = join(temporaryFolder(), "jobs.d");
  mkdirSync(folder);
  const put = (id: string, job: object): void =>
    writeFileSync(join(folder, `${id}.json`), JSON.stringify({ job_id: id, ...job }));
  for (const [id, job] of Object.entries(jobs)) put(id, job);
  return { folder, put, remove: (id: string) => rmSync(join(folder, `${id}.json`)) };
}

const command = (line: string, schedule = "every 1 second") => ({
  schedule,
  task: { type: "execute_command", command: line },
});

/** The socket of a daemon that keeps nothing in a folder. */
function socketIn(folder: string): string[] {
  return ["--socket", join(folder, "cronduit.sock")];
}

describe("jobs of files", () => {
  test(
    "the call of the examples: --jobs-dir ./examples/jobs.d --log-level INFO",
    async () => {
      const socket = socketIn(temporaryFolder());
      const daemon = cronduit(
        "start",
        "--jobs-dir",
        "./examples/jobs.d",
        "--log-level",
        "INFO",
        ...MEMORY,
        ...socket,
      );
      await expect
        .poll(() => daemon.output(), { timeout: 60_000 })
        .toMatch(/INFO {4}ready: memory;/);
      expect(daemon.output()).toMatch(/applied: \d jobs, \d new/);
      const [, path = ""] = socket;
      const jobs = await client(path).listJobs();
      expect(jobs.items.map(({ source }) => source)).toContain("file:files");
      // The task that runs every five minutes, now.
      const often = jobs.items.find(({ id }) => id.includes("frequent"));
      await client(path).runJob({ path: { jobId: often?.id ?? "" }, body: {} });
      await expect
        .poll(() => daemon.output(), { timeout: 60_000 })
        .toMatch(
          /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:INFO|ERROR) +job "frequent.*status=(?:SUCCESS|FAILURE) durationMs=\d+/m,
        );
      expect(await daemon.kill("SIGTERM")).toMatchObject({ code: 0 });
    },
    SLOW,
  );

  test(
    "PYTHON, BASH, JAVASCRIPT and an interpreter of one's own run, each execution with a line",
    async () => {
      const folder = temporaryFolder();
      const config = join(folder, "cronduit.toml");
      writeFileSync(
        config,
        `[interpreters]
SHOUT = ["bash", "-e"]
[jobs.python]
type = "PYTHON"
schedule_type = "interval"
interval_seconds = 1
command = "print('Hello, World!')"
[jobs.bash]
type = "BASH"
schedule_type = "interval"
interval_seconds = 1
command = "exit 3"
[jobs.javascript]
type = "JAVASCRIPT"
schedule_type = "interval"
interval_seconds = 1
command = "if (!process.version) process.exit(1)"
[jobs.shout]
type = "SHOUT"
schedule_type = "interval"
interval_seconds = 1
command = "false; echo not reached"
condition = "javascript.last_run_successful"
`,
      );
      const daemon = await startDaemon(...MEMORY, ...socketIn(folder), "--config", config);
      const lines = await Promise.all(
        (["python", "bash", "javascript", "shout"] as const).map((id) =>
          daemon.waitFor(executed(id)),
        ),
      );
      expect(lines.map(({ status }) => status)).toEqual([
        "SUCCESS",
        "FAILURE",
        "SUCCESS",
        "FAILURE",
      ]);
      for (const { time, level, status, durationMs } of lines) {
        expect(new Date(time).toISOString()).toBe(time);
        expect(level).toBe(status === "SUCCESS" ? "INFO" : "ERROR");
        expect(durationMs).toBeGreaterThan(0);
      }
      expect(lines[1]?.message).toContain("exit code 3");
    },
    SLOW,
  );

  test(
    "each failure has its line, however many there are",
    async () => {
      const { folder } = jobsFolder({ often: command("exit 1", "every 0.2 seconds") });
      const daemon = await startDaemon(...MEMORY, ...socketIn(folder), "--jobs-dir", folder);
      const failures = (): number => daemon.messages.filter(executed("often", "FAILURE")).length;
      await expect.poll(failures, { timeout: 60_000 }).toBeGreaterThan(7);
      const runs = daemon.messages.filter(executed("often")).map(({ runId }) => runId);
      expect(new Set(runs).size).toBe(runs.length);
    },
    SLOW,
  );

  test(
    "files that come, change and go are taken up while it runs, and a broken one changes nothing",
    async () => {
      const { folder, put, remove } = jobsFolder({ first: command("echo one") });
      const daemon = await startDaemon(...MEMORY, ...socketIn(folder), "--jobs-dir", folder);
      await daemon.waitFor(executed("first", "SUCCESS"));
      put("second", command("exit 1"));
      await daemon.waitFor(says(/2 jobs, 1 new, 0 changed, 0 removed/));
      await daemon.waitFor(executed("second", "FAILURE"));
      put("second", command("true"));
      await daemon.waitFor(says(/2 jobs, 0 new, 1 changed, 0 removed/));
      await daemon.waitFor(executed("second", "SUCCESS"));
      put("third", { schedule: "61 * * * *", task: command("true").task });
      await daemon.waitFor(says(/third\.json:1:\d+ error .*0-59/));
      const from = daemon.messages.length;
      await daemon.waitFor(executed("first", "SUCCESS"), { from });
      remove("third");
      remove("second");
      const last = await daemon.waitFor(says(/1 job, 0 new, 0 changed, 1 removed/));
      expect(last.level).toBe("INFO");
    },
    SLOW,
  );

  test(
    "a folder that is not there is told at once, and taken up when it is made",
    async () => {
      const folder = temporaryFolder();
      const missing = join(folder, "later.d");
      const daemon = await startDaemon(...MEMORY, ...socketIn(folder), "--jobs-dir", missing);
      expect(daemon.messages.some(says(/later\.d/))).toBe(true);
      mkdirSync(missing);
      writeFileSync(
        join(missing, "late.json"),
        JSON.stringify({ job_id: "late", ...command("true") }),
      );
      await daemon.waitFor(executed("late", "SUCCESS"));
    },
    SLOW,
  );
});

describe("its end", () => {
  test(
    "SIGTERM lets a run end, says what it waits for, and is no failure",
    async () => {
      const { folder } = jobsFolder({ slow: command("sleep 2") });
      const daemon = await startDaemon(...MEMORY, ...socketIn(folder), "--jobs-dir", folder);
      await expect.poll(() => isRunning(folder, "slow"), { timeout: 60_000 }).toBe(true);
      const exit = await daemon.kill("SIGTERM");
      expect(exit).toEqual({ code: 0, signal: null });
      expect(daemon.messages.some(says(/^waiting for 1 run \(slow/))).toBe(true);
      expect(daemon.messages.some(executed("slow", "SUCCESS"))).toBe(true);
      expect(daemon.messages.at(-1)).toMatchObject({ message: "stopped" });
      expect(existsSync(join(folder, "cronduit.sock"))).toBe(false);
    },
    SLOW,
  );

  test(
    "a second signal ends it at once",
    async () => {
      const { folder } = jobsFolder({ long: command("sleep 600") });
      const daemon = await startDaemon(...MEMORY, ...socketIn(folder), "--jobs-dir", folder);
      await expect.poll(() => isRunning(folder, "long"), { timeout: 60_000 }).toBe(true);
      daemon.signal("SIGTERM");
      await daemon.waitFor(says(/^waiting for/));
      expect(await daemon.kill("SIGTERM")).toEqual({ code: 130, signal: null });
    },
    SLOW,
  );

  test(
    "killed, it goes on in its folder with all that was due, and replaces the socket that was left",
    async () => {
      const { folder: jobs } = jobsFolder({ tick: command("true") });
      const state = join(temporaryFolder(), "state");
      const args = ["--connection", `embedded://${state}`, "--jobs-dir", jobs];
      const first = await startDaemon(...args);
      await first.waitFor(executed("tick", "SUCCESS"));
      await first.kill("SIGKILL");
      expect(statSync(join(state, "cronduit.sock")).isSocket()).toBe(true);
      const second = await startDaemon(...args);
      await second.waitFor(executed("tick", "SUCCESS"));
      const third = await runCronduit("start", ...args);
      expect(third.output).toMatch(/is in use by process \d+.*FOLDER_IN_USE \(exit 6\)/s);
      expect(third.code).toBe(6);
      const { output, code, answers } = await runCronduit(
        "job",
        "list",
        "--connection",
        `embedded://${state}`,
        "-o",
        "json",
      );
      expect(output).toContain("tick");
      expect(code).toBe(0);
      expect(answers).toHaveLength(1);
      const account = await client(join(state, "cronduit.sock")).getAccount({
        query: { from: new Date(Date.now() - 3_600_000).toISOString() },
      });
      expect(account.due).toBeGreaterThan(1);
      expect(account.unaccounted.count).toBe(0);
      expect(await second.kill("SIGTERM")).toMatchObject({ code: 0 });
    },
    SLOW,
  );
});

describe("where it listens", () => {
  test(
    "whoever reaches the socket is the administrator; a port needs a credential",
    async () => {
      const { folder } = jobsFolder({ tick: command("true") });
      const path = join(folder, "cronduit.sock");
      const daemon = await startDaemon(
        ...MEMORY,
        ...socketIn(folder),
        "--jobs-dir",
        folder,
        "--port",
        "0",
      );
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const who = await client(path).whoAmI();
      expect(who).toMatchObject({ actor: { kind: "cli" }, role: "admin", via: "local" });
      const ready = daemon.messages.find(says(/^ready/));
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(ready?.message ?? "") ?? [];
      expect((await fetch(`${url}/api/health/live`)).status).toBe(200);
      expect((await fetch(`${url}/api/jobs`)).status).toBe(401);
    },
    SLOW,
  );

  test(
    "a port that is taken, and a folder or a socket that another daemon has, are conflicts",
    async () => {
      const { folder } = jobsFolder();
      const taken = createServer().listen(0, "127.0.0.1");
      onTestFinished(() => void taken.close());
      await new Promise((resolve) => taken.once("listening", resolve));
      const { port } = taken.address() as AddressInfo;
      const asked = await runCronduit(
        "start",
        ...MEMORY,
        ...socketIn(folder),
        "--jobs-dir",
        folder,
        "--port",
        String(port),
      );
      expect(asked).toMatchObject({ code: 6 });
      expect(asked.output).toMatch(/another program does.*PORT_REFUSED \(exit 6\)/s);
      expect(existsSync(join(folder, "cronduit.sock"))).toBe(false);

      await startDaemon(...MEMORY, ...socketIn(folder), "--jobs-dir", folder);
      const same = await runCronduit("start", ...MEMORY, ...socketIn(folder), "--jobs-dir", folder);
      expect(same.output).toMatch(/Another daemon answers at .*SOCKET_IN_USE \(exit 6\)/s);
      expect((await client(join(folder, "cronduit.sock")).whoAmI()).role).toBe("admin");
    },
    SLOW,
  );

  test(
    "a folder that others may write is no place for a socket",
    async () => {
      const folder = join(temporaryFolder(), "open");
      mkdirSync(folder);
      chmodSync(folder, 0o777);
      const { code, output } = await runCronduit("start", ...MEMORY, ...socketIn(folder));
      expect(output).toMatch(/Others may write to .*SOCKET_REFUSED/s);
      expect(code).toBe(2);
    },
    SLOW,
  );

  test.each([
    ["without a name", [], "PUBLIC_WITHOUT_NAME"],
    [
      "without accounts",
      ["--public-url", "https://cronduit.example.com"],
      "PUBLIC_WITHOUT_ACCOUNTS",
    ],
  ])(
    "an address that others reach is refused %s",
    async (_, more, code) => {
      const folder = temporaryFolder();
      const ended = await runCronduit(
        "start",
        ...MEMORY,
        ...socketIn(folder),
        "--host",
        "0.0.0.0",
        "--port",
        "0",
        ...more,
      );
      expect(ended.output).toContain(`${code} (exit 2)`);
      expect(ended.code).toBe(2);
    },
    SLOW,
  );
});

describe("parts of a fleet", () => {
  test(
    "one process schedules, another one executes",
    async () => {
      const { folder } = jobsFolder({ shared: command("true") });
      const fleet = [
        "--connection",
        inject("redisUrl"),
        "--prefix",
        `cli_${process.pid}_${Date.now()}`,
      ];
      const scheduler = await startDaemon(
        ...fleet,
        ...socketIn(folder),
        "--jobs-dir",
        folder,
        "--scheduler-only",
      );
      const worker = cronduit("worker", ...fleet, "--log-format", "json", "--port", "0");
      const ready = await worker.waitFor(says(/^ready/));
      await worker.waitFor(executed("shared", "SUCCESS"));
      expect(scheduler.messages.some(executed("shared"))).toBe(false);
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(ready.message) ?? [];
      expect((await fetch(`${url}/api/health/ready`)).status).toBe(200);
      expect((await fetch(`${url}/api/jobs`)).status).toBe(404);
      expect(await worker.kill("SIGTERM")).toMatchObject({ code: 0 });
      await client(join(folder, "cronduit.sock")).deleteJob({ path: { jobId: "shared" } });
    },
    SLOW,
  );

  test.each([
    ["worker", "--connection", "memory:"],
    ["start", "--worker-only", "--connection", "embedded:///tmp/nowhere"],
    ["start", "--worker-only", "--scheduler-only"],
  ])(
    "what can't be is refused: %s %s %s",
    async (...args) => {
      const { code, output } = await runCronduit(...args);
      expect(output).toContain("INVALID_SETTING (exit 2)");
      expect(code).toBe(2);
    },
    SLOW,
  );
});

function client(path: string) {
  return createClient({ url: "http://localhost/api", fetch: overSocket(path) });
}

async function isRunning(folder: string, jobId: string): Promise<boolean> {
  const { items } = await client(join(folder, "cronduit.sock")).listRuns({
    query: { jobId, verdict: ["running"] },
  });
  return items.length > 0;
}
