import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TaskFleet } from "./task-fleet.ts";

const folder = mkdtempSync(join(tmpdir(), "cronduit-command-"));
const SECRET = "s3cr3t-of-the-worker";
let fleet: TaskFleet;

beforeAll(async () => {
  writeFileSync(join(folder, "token"), `${SECRET}-in-a-file\n`);
  writeFileSync(join(folder, "no-program"), "echo never");
  symlinkSync("/etc/passwd", join(folder, "way-out"));
  fleet = await TaskFleet.open({
    environment: {
      ...process.env,
      CRONDUIT_TEST_OPEN: "of nobody's concern",
      JOB_OPEN: "inherited",
      JOB_TOKEN: SECRET,
      EMPTY: "",
      NODE_OPTIONS: "--no-warnings",
      LD_LIBRARY_PATH: "/nowhere",
      BASH_ENV: "/nowhere",
    },
    inherit: ["PATH", "JOB_O*", "NODE_OPTIONS", "L*", "B*", "CRONDUIT_*"],
    secrets: ["env:JOB_*", "env:EMPTY", `file:${folder}/`],
  });
});

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const SUCCESS = { success: true, exitCode: 0, signal: null, leftOutLines: 0 };

test("a command gets its words as they are; no shell reads them", async () => {
  const command = ["printf", "<%s>\\n", "$HOME; `id` && echo 'x' > /tmp/x", "*", "two words"];
  const run = await fleet.run("command", { command, args: ["--last"] });
  expect(run.error).toBeUndefined();
  expect(run).toMatchObject({ verdict: "succeeded", result: { ...SUCCESS, outputLines: 4 } });
  expect(await fleet.lines(run)).toEqual([
    "output <$HOME; `id` && echo 'x' > /tmp/x>",
    "output <*>",
    "output <two words>",
    "output <--last>",
  ]);
});

test("a shell reads a text, and gets values as arguments", async () => {
  const run = await fleet.run("command", {
    command: 'echo "$0 $1" | tr a-z A-Z; echo oops >&2; exit 3',
    shell: true,
    args: ["$(id); b"],
  });
  expect(run).toMatchObject({
    verdict: "failed",
    result: { success: false, exitCode: 3, signal: null, outputLines: 2 },
    error: {
      code: "TASK_FAILED",
      message: 'The program ended with exit code 3. Its last words: "oops"',
    },
  });
  expect((await fleet.lines(run)).toSorted()).toEqual(["output SH $(ID); B", "output oops"]);
});

test("any shell reads a text, by its whole path", async () => {
  const command = 'a=(one two); echo "${a[1]} $0 $1"';
  const run = await fleet.run("command", { command, shell: "/bin/bash", args: ["x"] });
  expect(await fleet.lines(run)).toEqual(["output two bash x"]);
  const missing = await fleet.run("command", { command, shell: "/bin/no-shell" });
  expect(missing.error).toMatchObject({
    code: "PROGRAM_NOT_FOUND",
    message: 'There is no program "/bin/no-shell".',
  });
});

test("standard input is a text, or empty; a program need not read it", async () => {
  const stdin = "first\nä 'second' $HOME\nno end";
  const run = await fleet.run("command", { command: ["cat"], stdin });
  expect(await fleet.lines(run)).toEqual(stdin.split("\n").map((line) => `output ${line}`));
  const large = "x".repeat(200_000);
  const ignored = await fleet.run("command", { command: ["true"], stdin: large });
  expect(ignored.verdict).toBe("succeeded");
  const counted = await fleet.run("command", { command: ["wc", "-c"], stdin: large });
  expect(await fleet.lines(counted)).toEqual(["output 200000"]);
  expect(await fleet.lines(await fleet.run("command", { command: ["cat"] }))).toEqual([]);
});

test("a text that is too long for standard input is refused", async () => {
  const params = { command: ["cat"], stdin: "x".repeat(262_145) };
  await expect(fleet.add("command", params)).rejects.toMatchObject({
    code: "PAYLOAD_TOO_LARGE",
    message: expect.stringContaining("262,144") as string,
  });
});

test("the working directory ~ is what HOME says", async () => {
  const params = { command: ["pwd"], cwd: "~" };
  const given = await fleet.run("command", { ...params, env: { HOME: folder } });
  expect(await fleet.lines(given)).toEqual([`output ${folder}`]);
  // HOME is not inherited here: the home of the worker's user.
  expect(await fleet.lines(await fleet.run("command", params))).toEqual([
    `output ${userInfo().homedir}`,
  ]);
});

test("the signal that ended it is in the ledger", async () => {
  const run = await fleet.run("command", { command: "kill -USR1 $$", shell: true });
  expect(run.result).toMatchObject({ success: false, exitCode: null, signal: "SIGUSR1" });
  expect(run.error?.message).toContain("was ended by the signal SIGUSR1");
});

test.each([
  { exit: 3, more: { successCodes: [0, 3] }, verdict: "succeeded", attempt: 1 },
  { exit: 0, more: { successCodes: [3] }, verdict: "failed", attempt: 3 },
  { exit: 75, more: { retryCodes: [75] }, verdict: "failed", attempt: 3 },
  { exit: 74, more: { retryCodes: [75] }, verdict: "failed", attempt: 1 },
  { exit: 74, more: {}, verdict: "failed", attempt: 3 },
])("exit code $exit with $more: $verdict in attempt $attempt", async (row) => {
  const { exit, more, verdict, attempt } = row;
  const retry = { attempts: 3, delay: "1ms" };
  const params = { command: ["sh", "-c", `exit ${exit}`], ...more };
  expect(await fleet.run("command", params, { retry })).toMatchObject({
    verdict,
    attempt,
    result: { exitCode: exit },
  });
});

test("a signal counts as a shell's exit code does", async () => {
  const retry = { attempts: 2, delay: "1ms" };
  const params = { command: "kill -KILL $$", shell: true };
  const again = await fleet.run("command", { ...params, retryCodes: [137] }, { retry });
  const once = await fleet.run("command", { ...params, retryCodes: [9] }, { retry });
  expect([again.attempt, once.attempt]).toEqual([2, 1]);
});

test("a process has the run's variables, its own, and of the worker's those that are listed", async () => {
  const run = await fleet.run("command", { command: ["env"], env: { MINE: "a\nb" } });
  const lines = await fleet.lines(run);
  const variables = new Map(
    lines.map((line) => line.replace("output ", "").split("=", 2) as [string, string]),
  );
  expect(variables.get("CRONDUIT_JOB_ID")).toBe(run.jobId);
  expect(variables.get("CRONDUIT_RUN_ID")).toBe(run.id);
  expect(variables.get("CRONDUIT_FIRE_TIME")).toBe(run.fireTime.toISOString());
  expect(variables.get("CRONDUIT_ATTEMPT")).toBe("1");
  expect(variables.get("CRONDUIT_TRIGGER")).toBe("manual");
  expect(lines).toEqual(expect.arrayContaining(["output MINE=a", "output b"]));
  expect(variables.get("JOB_OPEN")).toBe("inherited");
  // Named in full.
  expect(variables.get("NODE_OPTIONS")).toBe("--no-warnings");
  for (const name of ["LD_LIBRARY_PATH", "BASH_ENV", "CRONDUIT_TEST_OPEN", "JOB_TOKEN", "HOME"])
    expect([name, variables.get(name)]).toEqual([name, undefined]);
});

test("without an environment there is a usual PATH", async () => {
  await using bare = await TaskFleet.open({ environment: {} });
  const run = await bare.run("command", { command: ["env"] });
  expect(
    (await bare.lines(run)).filter((line) => !/CRONDUIT_|output (?:PWD|SHLVL|_)=/.test(line)),
  ).toEqual([expect.stringMatching(/^output PATH=.*:\/usr\/bin:/)]);
});

describe("secrets", () => {
  test("are read where they are used, stored nowhere, and masked where they appear", async () => {
    const secrets = { TOKEN: "env:JOB_TOKEN", KEY: `file:${join(folder, "token")}` };
    const command = 'echo "<$TOKEN> <$KEY>"; printf "x%s" "$TOKEN" >&2; exit 1';
    const run = await fleet.run("command", { command, shell: true, secrets });
    expect((await fleet.lines(run)).toSorted()).toEqual([
      "output <[secret]> <[secret]>",
      "output x[secret]",
    ]);
    expect(run.error?.message).toContain('"x[secret]"');
    const job = await fleet.scheduler.getJob(run.jobId);
    expect(job?.params).toMatchObject({ secrets });
    expect(JSON.stringify([job?.params, run])).not.toContain(SECRET);
  });

  test.each([
    ["env:HOME", /may not use it/],
    ["env:JOB_NONE", /has no variable JOB_NONE/],
    ["env:EMPTY", /has no variable EMPTY with a value/],
    ["file:/etc/hostname", /may not use it/],
    [`file:${folder}/missing`, /can't be read \(ENOENT\)/],
    [`file:${folder}/way-out`, /leads out of its folder/],
  ])("%s is not available", async (reference, message) => {
    const run = await fleet.run("command", { command: ["env"], secrets: { X: reference } });
    expect(run.error).toMatchObject({
      code: "SECRET_UNAVAILABLE",
      message: expect.stringMatching(message) as string,
    });
    expect(await fleet.lines(run)).toEqual([]);
  });
});

describe("output", () => {
  test("keeps the first and the last part, and says how much lies between", async () => {
    const command = "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo line $i; done";
    const run = await fleet.run("command", { command, shell: true, maxOutputBytes: 8_192 });
    const lines = await fleet.lines(run);
    const gap = lines.findIndex((line) => line.startsWith("warn "));
    const { leftOutLines, outputLines } = run.result as Record<string, number>;
    expect(outputLines).toBe(2_000);
    expect(lines[0]).toBe("output line 1");
    expect(lines[gap - 1]).toBe(`output line ${gap}`);
    expect(lines.at(-1)).toBe("output line 2000");
    expect(lines[gap + 1]).toBe(`output line ${gap + 1 + (leftOutLines ?? 0)}`);
    expect(lines[gap]).toMatch(
      new RegExp(
        `^warn … ${leftOutLines?.toLocaleString("en")} lines \\([\\d,]+ bytes\\) of output left out here$`,
      ),
    );
    expect(lines.length - 1 + (leftOutLines ?? 0)).toBe(2_000);
    // Both halves, with what each line takes besides.
    expect(lines.length).toBeGreaterThan(90);
    expect(lines.length).toBeLessThan(120);
  });

  test("a character that comes in two parts stays one; a line without an end is one", async () => {
    const command =
      "printf '\\303'; sleep 0.2; printf '\\244 \\360\\237'; sleep 0.2; printf '\\230\\200'";
    const run = await fleet.run("command", { command, shell: true });
    expect(await fleet.lines(run)).toEqual(["output ä 😀"]);
  });

  test("control characters of its last words can't move a terminal's cursor", async () => {
    const command = "printf '\\033[2Jgone\\007\\n' >&2; exit 1";
    const run = await fleet.run("command", { command, shell: true });
    expect(run.error?.message).toContain("\\u001b[2Jgone\\u0007");
    // oxlint-disable-next-line no-control-regex
    expect(run.error?.message).not.toMatch(/[\u0000-\u001f]/);
  });
});

describe("what can't be started", () => {
  test.each([
    [
      ["gitt"],
      "PROGRAM_NOT_FOUND",
      /no program "gitt" in any folder of PATH \(\/.*Did you mean "git"/,
    ],
    [["ls -l /"], "PROGRAM_NOT_FOUND", /a list of words/],
    [["/no/such/program"], "PROGRAM_NOT_FOUND", /There is no program "\/no\/such\/program"\./],
    [["./missing"], "PROGRAM_NOT_FOUND", /missing" \("\.\/missing", from the working directory\)/],
    [["./no-program"], "PROGRAM_NOT_EXECUTABLE", /may not be executed/],
    [["/usr/bin"], "PROGRAM_NOT_EXECUTABLE", /"\/usr\/bin" is not a file/],
  ])("%j: %s", async (command, code, message) => {
    const run = await fleet.run("command", { command, cwd: folder });
    expect(run.error).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  test.each([
    ["/no/such/folder", /"\/no\/such\/folder" does not exist/],
    ["/etc/passwd", /is not a folder/],
  ])("the working directory %s", async (cwd, message) => {
    const run = await fleet.run("command", { command: ["true"], cwd });
    expect(run.error?.code).toBe("WORKING_DIRECTORY_MISSING");
    expect(run.error?.message).toMatch(message);
  });

  test("more than the system takes", async () => {
    const args = Array.from({ length: 2 }, () => "x".repeat(131_072 - 1_000));
    const env = Object.fromEntries(args.map((value, i) => [`X${i}`, value]));
    // A quarter of the stack is the limit of Linux; params are limited before that.
    await expect(fleet.add("command", { command: ["true"], args, env })).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
    });
    const run = await fleet.run("command", { command: ["true"], args: ["x".repeat(131_072)] });
    expect(run.error).toMatchObject({
      code: "PROGRAM_NOT_STARTED",
      message: expect.stringContaining("E2BIG") as string,
    });
  });

  test.each([
    [{ command: "ls -l" }, /Write a list of words, \["ls","-l"\], or add shell: true/],
    [{ command: ["ls"], shell: true }, /needs no shell/],
    [{ command: ["ls"], shell: "/bin/sh" }, /needs no shell/],
    [{ command: "ls", shell: "bash" }, /shell: .*the whole path of a shell/],
    [{ command: "ls", shell: "" }, /shell: .*the whole path of a shell/],
    [{ command: ["ls"], maxOpenFiles: 1 }, /maxOpenFiles/],
    [{ command: ["ls"], cwd: "~/x" }, /cwd: must be a whole path/],
    [{ command: [] }, /command: .*1/],
    [{ command: ["a\0b"] }, /NUL|list of words/],
    [{ command: ["ls"], cwd: "here" }, /cwd: must be a whole path/],
    [{ command: ["ls"], env: { CRONDUIT_RUN_ID: "mine" } }, /CRONDUIT_/],
    [{ command: ["ls"], env: { "A=B": "x" } }, /env\["A=B"\]: is no name of a variable/],
    [{ command: ["ls"], secrets: { A: "secret" } }, /no reference to a secret/],
    [{ command: ["ls"], secrets: { A: "file:/a/../b" } }, /no reference to a secret/],
    [{ command: ["ls"], exitCodes: [1] }, /exitCodes/],
    [{ command: ["ls"], timeout: 90_000 }, /timeout.*Did you mean/],
  ])("params %j are refused when the job is added", async (params, message) => {
    await expect(fleet.add("command", params)).rejects.toMatchObject({
      code: "INVALID_PARAMS",
      message: expect.stringMatching(message) as string,
    });
  });
});

test("memory is limited for each process", async () => {
  const text = "process.stdout.write(String(Buffer.alloc(400 * 1024 * 1024, 1).length))";
  const command = [process.execPath, "-e", text];
  const limited = await fleet.run("command", { command, maxMemoryMb: 200 });
  expect(limited.verdict).toBe("failed");
  expect(await fleet.lines(limited)).not.toContain("output 419430400");
  const free = await fleet.run("command", { command, maxMemoryMb: 1_000 });
  expect(await fleet.lines(free)).toEqual(["output 419430400"]);
});

describe("limits of each process", () => {
  test("processor time", async () => {
    const command = "while :; do :; done";
    const run = await fleet.run("command", { command, shell: true, maxCpuSeconds: 1 });
    expect(run.result).toMatchObject({ exitCode: null, signal: "SIGXCPU" });
    expect(run.error?.message).toBe(
      "The program was ended by the signal SIGXCPU: it used more than 1s of processor time.",
    );
    // Who does not heed the signal has a second more.
    const deaf = await fleet.run("command", {
      command: `trap '' XCPU; ${command}`,
      shell: true,
      maxCpuSeconds: 1,
    });
    expect(deaf.result).toMatchObject({ signal: "SIGKILL" });
  });

  test("the size of a file", async () => {
    const file = join(folder, "large");
    const command = ["dd", "if=/dev/zero", `of=${file}`, "bs=512k", "count=5"];
    const run = await fleet.run("command", { command, maxFileMb: 2 });
    expect(run.result).toMatchObject({ signal: "SIGXFSZ" });
    expect(run.error?.message).toContain("SIGXFSZ: it wrote a file larger than 2 MiB.");
    expect(statSync(file).size).toBe(2 * 1024 * 1024);
  });

  test("open files", async () => {
    const command = "ulimit -n; exec 30<&0";
    const run = await fleet.run("command", { command, shell: "/bin/bash", maxOpenFiles: 24 });
    expect(await fleet.lines(run)).toEqual([
      "output 24",
      expect.stringMatching(/Bad file descriptor/),
    ]);
  });
});
