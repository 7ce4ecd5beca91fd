import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startProgram } from "../helpers/process.ts";
import { eventually } from "../worker/test-scheduler.ts";
import { processesWith, TaskFleet } from "./task-fleet.ts";

const folder = mkdtempSync(join(tmpdir(), "cronduit-run-as-"));
const isRoot = process.geteuid?.() === 0;
/** One that is on every system, and has groups besides its own nowhere. */
const OTHER = "nobody";
const idOf = (user: string, option: string): string =>
  execFileSync("id", [option, user], { encoding: "utf8" }).trim();
let fleet: TaskFleet;

beforeAll(async () => {
  chmodSync(folder, 0o755);
  fleet = await TaskFleet.open({
    environment: { ...process.env, MINE: "of the worker", SECRET: "a\\b\n'c' $HOME \\n" },
    inherit: ["PATH", "HOME", "MINE"],
    secrets: ["env:SECRET"],
  });
});
afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const WHO = "id -un; id -u; id -g; id -G; pwd; echo $HOME $USER $LOGNAME $SHELL";

test("the worker's own user changes nothing", async () => {
  const { username } = userInfo();
  const run = await fleet.run("command", { command: "id -un; pwd", shell: true, user: username });
  expect(await fleet.lines(run)).toEqual([`output ${username}`, "output /"]);
});

test.runIf(isRoot)("a worker of root becomes the user, with its groups and its home", async () => {
  const run = await fleet.run("command", { command: WHO, shell: true, user: OTHER });
  expect(run.error).toBeUndefined();
  const home = execFileSync("getent", ["passwd", OTHER], { encoding: "utf8" }).split(":")[5];
  expect(await fleet.lines(run)).toEqual([
    `output ${OTHER}`,
    `output ${idOf(OTHER, "-u")}`,
    `output ${idOf(OTHER, "-g")}`,
    `output ${idOf(OTHER, "-G")}`,
    "output /",
    `output ${home} ${OTHER} ${OTHER} /bin/sh`,
  ]);
});

test.runIf(isRoot)("a user's further groups are there, and none of root's", async () => {
  const name = `cronduit${process.pid}`;
  execFileSync("useradd", ["--no-create-home", "--groups", "games,mail", name]);
  try {
    const run = await fleet.run("command", { command: ["id", "-Gn"], user: name });
    expect(await fleet.lines(run)).toEqual([`output ${idOf(name, "-Gn")}`]);
    expect((await fleet.lines(run))[0]).toMatch(/games mail|mail games/);
  } finally {
    execFileSync("userdel", [name]);
  }
});

test.runIf(isRoot)(
  "values arrive as they are; what they load is loaded by the user, not by root",
  async () => {
    const open = mkdtempSync(join(folder, "open-"));
    chmodSync(open, 0o777);
    const env = {
      ODD: "two\nlines\\nand a 'quote' \"$(id)\"",
      TRAIL: "ends in a break\n",
      HOME: folder,
      // Whoever heeds this writes a file.
      LD_DEBUG: "libs",
      LD_DEBUG_OUTPUT: join(open, "loaded"),
      IFS: "a",
      PATH: process.env["PATH"] ?? "",
    };
    const text = "process.stdout.write(JSON.stringify(process.env))";
    const run = await fleet.run("command", {
      command: [process.execPath, "-e", text],
      env,
      secrets: { TOKEN: "env:SECRET" },
      cwd: "~",
      user: OTHER,
    });
    const line = (await fleet.lines(run)).find((each) => each.startsWith("output {"));
    const seen = JSON.parse(line?.slice("output ".length) ?? "{}") as Record<string, string>;
    expect(seen).toMatchObject({ ...env, USER: OTHER, MINE: "of the worker", PWD: folder });
    expect(seen["CRONDUIT_RUN_ID"]).toBe(run.id);
    expect(seen["TOKEN"]).toBe("[secret]");
    const owners = readdirSync(open).map((name) => statSync(join(open, name)).uid);
    expect([...new Set(owners)]).toEqual([Number(idOf(OTHER, "-u"))]);
  },
);

test.runIf(isRoot)("standard input, limits, arguments and the exit code are its own", async () => {
  const command = 'ulimit -n; cat; printf "<%s>" "$0" "$@"; exit 7';
  const params = { command, shell: "/bin/bash", args: ["a b"], stdin: "in\n", maxOpenFiles: 99 };
  const run = await fleet.run("command", { ...params, user: OTHER });
  expect(await fleet.lines(run)).toEqual(["output 99", "output in", "output <bash><a b>"]);
  expect(run.result).toMatchObject({ exitCode: 7 });
});

test.runIf(isRoot)("a folder that the user may not enter", async () => {
  chmodSync(folder, 0o700);
  const run = await fleet.run("command", { command: ["true"], cwd: folder, user: OTHER });
  chmodSync(folder, 0o755);
  expect(run.result).toMatchObject({ exitCode: 126 });
  expect(run.error?.message).toMatch(/can't cd to/);
});

test.runIf(isRoot)("a timeout ends its processes as well, wherever they have gone", async () => {
  const mark = String(process.hrtime.bigint());
  const command = `(setsid sleep 600.${mark} &) ; sleep 601.${mark}`;
  const run = await fleet.run("command", { command, shell: true, user: OTHER, timeout: "2s" });
  expect(run.error?.code).toBe("TASK_TIMED_OUT");
  await eventually("their end", () => processesWith(mark).length === 0);
});

test("a user who is not there", async () => {
  const run = await fleet.run("command", { command: ["id"], user: "no-such-user" });
  expect(run).toMatchObject({
    attempt: 1,
    error: {
      code: "USER_UNAVAILABLE",
      message: 'The program is to run as "no-such-user": there is no such user on this machine.',
    },
  });
});

test("a worker that is not root refuses to be another, and is never quietly itself", async () => {
  const args = isRoot ? [idOf(OTHER, "-u")] : [];
  await using worker = startProgram("test/tasks/unprivileged-program.ts", { args });
  const told = await worker.waitFor(
    (message) => message !== null && "error" in (message as object),
  );
  expect(told).toMatchObject({
    lines: [],
    error: {
      code: "USER_UNAVAILABLE",
      message: expect.stringMatching(
        /^The program is to run as "root": the worker runs as .*, and only a worker of root may change to another user\.$/,
      ) as string,
    },
  });
});

test.each(["1000", "-root", "a:b", "a b", "", "ro\0ot"])(
  "%j is no name of a user",
  async (user) => {
    await expect(fleet.add("command", { command: ["id"], user })).rejects.toMatchObject({
      code: "INVALID_PARAMS",
      data: { path: "user" },
    });
  },
);
