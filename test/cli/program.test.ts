// The real program, as a shell starts it: exit codes, pipes, signals, a terminal, completion.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { compiledPath } from "../helpers/compiled.ts";
import { track } from "../../scripts/children.ts";
import { CliFleet } from "./cli-fleet.ts";

const BIN = compiledPath("src/cli/bin.ts");
/** The worst that the id of a job can be. */
const HOSTILE = "x ~root #y %s";

let fleet: CliFleet;
let flags: readonly string[];
beforeAll(async () => {
  fleet = await CliFleet.start(inject("redisUrl"), false);
  const { scheduler, tasks } = fleet;
  const params = { command: ["true"] };
  const yearly = { trigger: "cron", month: 1, day: 1, hour: 0, params } as const;
  for (const id of ["report", "repair", HOSTILE])
    await scheduler.addJob(tasks.command, { ...yearly, id });
  flags = fleet.flags("socket");
}, 60_000);
afterAll(() => fleet[Symbol.asyncDispose]());

/** The environment of a person: nothing of this test run. */
function environment(more: Record<string, string> = {}): Record<string, string> {
  const { PATH = "", HOME = "" } = process.env;
  return { PATH, HOME, TZ: "UTC", LANG: "C.UTF-8", ...more };
}

/** Runs a program to its end; this process goes on meanwhile, since it is the fleet. */
async function run(
  program: string,
  args: readonly string[],
  { env = {}, input = "" }: { readonly env?: Record<string, string>; readonly input?: string } = {},
) {
  const child = spawn(program, args, { cwd: fleet.folder, env: environment(env) });
  track(child, program);
  const texts = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (texts.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (texts.err += text));
  // It may end before it reads.
  child.stdin.on("error", () => undefined).end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...texts };
}

function cronduit(argv: readonly string[], env: Record<string, string> = {}) {
  return run(process.execPath, [BIN, ...argv], { env });
}

async function bash(script: string): Promise<string> {
  const args = ["--norc", "--noprofile", "-c", script];
  const env = { BIN, NODE: process.execPath, FLAGS: flags.join(" ") };
  return (await run("bash", args, { env })).out;
}

describe("exit codes", () => {
  test.each([
    [0, ["--version"], {}],
    [0, ["job", "list", "--help"], {}],
    [2, ["job", "lst"], {}],
    [2, ["job", "list", "--nope"], {}],
    [2, ["job", "list"], { CRONDUIT_TOKN: "x" }],
    [5, ["job", "list", "--socket", "/nowhere/cronduit.sock"], {}],
    [5, ["job", "list", "--url", "http://127.0.0.1:1"], {}],
    [5, ["job", "list", "--connection", "redis://127.0.0.1:1"], {}],
    [5, ["job", "list", "--connection", "memory:"], {}],
    [5, ["job", "list", "--connection", "embedded://not-there"], {}],
    [5, ["job", "list"], {}],
  ])("%i: %j", async (code, argv, env) => {
    const ran = await cronduit(argv, env);
    expect(ran.code).toBe(code);
    // Nothing but data goes to standard output, and an error is one line.
    if (code === 0) expect(ran.err).toBe("");
    else expect(ran.err).toMatch(new RegExp(String.raw`^error .* [A-Z_]+ \(exit ${code}\)\n$`));
    if (code !== 0) expect(ran.out).toBe("");
  });

  test("a wrong token is 4, and is not shown", async () => {
    const url = fleet.flags("url")[1] ?? "";
    const { code, err } = await cronduit(["job", "list", "--url", url], {
      CRONDUIT_TOKEN: "cdt_hunter2",
    });
    expect(code).toBe(4);
    expect(err).toMatch(/NOT_AUTHENTICATED \(exit 4\)/);
    expect(err).not.toContain("hunter2");
  });

  test("what was meant, of a command and of an option", async () => {
    expect((await cronduit(["job", "lst"])).err).toContain("Did you mean list?");
    expect((await cronduit(["job", "list", "--stat", "x"])).err).toContain("Did you mean --state?");
    expect((await cronduit(["job", "list"], { CRONDUIT_CONECTION: "x" })).err).toContain(
      "Did you mean CRONDUIT_CONNECTION?",
    );
  });
});

describe("every command", () => {
  /** All commands below one, with their helps, from what the helps list. */
  async function helpsBelow(words: readonly string[]): Promise<[string, string][]> {
    const { out, code } = await cronduit([...words, "--help"]);
    expect(code).toBe(0);
    const [, list = ""] = out.split("\nCommands:\n");
    const names = [...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name = ""]) => name);
    const below = [];
    for (const name of names.filter((each) => each !== "help"))
      below.push(...(await helpsBelow([...words, name])));
    return [[words.join(" "), out], ...below];
  }

  test("has a help with an example, unless others are below it", async () => {
    const helps = await helpsBelow([]);
    expect(helps.length).toBeGreaterThan(30);
    const without = helps.filter(
      ([, out]) => !out.includes("\nCommands:\n") && !/\nExamples?:\n {2}/.test(out),
    );
    expect(without.map(([words]) => words)).toEqual([]);
  }, 120_000);
});

describe("pipes and signals", () => {
  test("whoever stops reading ends it quietly", async () => {
    // The reader is gone before anything is written.
    const said = await bash(
      '"$NODE" "$BIN" config -o ndjson 2> err | { exec <&-; sleep 2; }; echo "${PIPESTATUS[0]}"; cat err',
    );
    expect(said).toBe("0\n");
    const piped = await bash('"$NODE" "$BIN" config -o ndjson | head -1; echo "${PIPESTATUS[*]}"');
    expect(piped).toMatch(/^\{"name":"connection".*\n0 0\n$/);
  });

  test("Ctrl-C is 130", async () => {
    const child = spawn(process.execPath, [BIN, "events", "-f", "-o", "ndjson", ...flags], {
      cwd: fleet.folder,
      env: environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const texts: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => texts.push(text));
    // Until it listens, what happens is not told.
    while (texts.length === 0) {
      await fleet.run("socket", ["job", "pause", "report", "-y"]);
      await fleet.run("socket", ["job", "resume", "report", "-y"]);
    }
    expect(JSON.parse(texts.join("").split("\n")[0] ?? "")).toMatchObject({ jobId: "report" });
    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(130);
  }, 60_000);
});

describe("at a terminal", () => {
  /** Runs a command at a terminal of its own, which types what is given. */
  async function typed(line: string, input: string, more: Record<string, string> = {}) {
    const env = { BIN, NODE: process.execPath, FLAGS: flags.join(" "), TERM: "xterm", ...more };
    const command = `"$NODE" "$BIN" ${line} $FLAGS`;
    return (await run("script", ["-qec", command, "/dev/null"], { env, input })).out;
  }

  test("colours there, and none with NO_COLOR or in a pipe", async () => {
    expect(await typed("job list", "")).toContain("\u001b[1mJOB");
    expect(await typed("job list", "", { NO_COLOR: "1" })).not.toContain("\u001b[1m");
    expect((await cronduit(["job", "list", ...flags])).out).not.toContain("\u001b");
    expect((await cronduit(["job", "list", ...flags], { FORCE_COLOR: "1" })).out).toContain(
      "\u001b[1m",
    );
  });

  test("it asks, and does what is answered", async () => {
    expect(await typed("job pause repair", "n\n")).toContain("Nothing was done.");
    expect(await typed("job pause repair", "y\n")).toContain("1 paused.");
    expect(await fleet.json("socket", ["job", "show", "repair"])).toMatchObject({
      state: "paused",
    });
    expect(await typed("job resume repair --no-input", "y\n")).toContain("NOT_CONFIRMED (exit 2)");
    expect(await typed("job resume repair", "y\n")).toContain("1 resumed.");
  });
});

describe("completion in bash", () => {
  /** What bash would offer for words, the last of which is being typed. */
  async function offered(...words: string[]): Promise<string[]> {
    const typedWords = ["cronduit", ...words].map((word) => `'${word}'`).join(" ");
    const said = await bash(
      `cronduit() { "$NODE" "$BIN" "$@"; }
eval "$(cronduit completion bash)"
export CRONDUIT_SOCKET=${flags[1]}
COMP_WORDS=(${typedWords}); COMP_CWORD=${words.length}
_cronduit; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
    return said.split("\n").filter((line) => line !== "");
  }

  test("commands, options, words of options, jobs", async () => {
    expect(await offered("jo")).toEqual(["job"]);
    expect(await offered("job", "re")).toEqual(["resume", "remove"]);
    expect(await offered("job", "list", "--sta")).toEqual(["--state"]);
    expect(await offered("job", "list", "-o", "nd")).toEqual(["ndjson"]);
    expect(await offered("job", "show", "rep")).toEqual(["repair", "report"]);
    expect(await offered("job", "list", "--tz", "Europe/Berl")).toEqual(["Europe/Berlin"]);
  });

  test("an id that a shell would read otherwise is quoted", async () => {
    const [word = ""] = await offered("job", "show", "x");
    expect(await bash(`printf %s ${word}`)).toBe(HOSTILE);
  });

  test.each(["zsh", "fish"] as const)(
    "the script for %s is read by it, if it is here",
    async (name) => {
      const script = (await cronduit(["completion", name])).out;
      expect(script).toContain("__complete");
      const found = spawnSync(name, ["-n"], {
        input: script,
        encoding: "utf8",
        env: environment(),
      });
      // It can't be tried where there is none: then this checks only that there is a script.
      if (found.error) console.warn(`${name} is not installed here: its completion was not tried.`);
      else expect([found.status, found.stderr]).toEqual([0, ""]);
    },
  );
});
