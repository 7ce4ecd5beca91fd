import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Flags, readSettings } from "../../src/cli/settings.ts";
import { SETTINGS, variableOf } from "../../src/config/settings/setting-infos.ts";
import { readToml } from "../../src/config/read-toml.ts";

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "cronduit-settings-"));
});
afterEach(() => rm(cwd, { recursive: true }));

const read = (flags: Flags, env: Record<string, string> = {}) =>
  readSettings(flags, { env, cwd, uid: process.getuid?.() });
const write = (text: string, name = "cronduit.toml") => writeFile(join(cwd, name), text);

describe("where a setting comes from", () => {
  test("a flag, then the environment, then the file, then the default", async () => {
    await write('prefix = "of_file"\nlog_level = "error"\nport = 1\nqueues = ["a", "b"]\n');
    const env = { CRONDUIT_PREFIX: "of_env", CRONDUIT_PORT: "2" };
    const { values, origins } = await read({ prefix: "of_flag" }, env);
    expect(values).toMatchObject({
      prefix: "of_flag",
      port: 2,
      logLevel: "ERROR",
      queues: ["a", "b"],
      host: "127.0.0.1",
    });
    expect(origins.prefix).toEqual({ from: "flag", name: "--prefix" });
    expect(origins.port).toEqual({ from: "environment", name: "CRONDUIT_PORT" });
    expect(origins.logLevel).toEqual({ from: "file", name: "cronduit.toml:2" });
    expect(origins.host).toEqual({ from: "default", name: "default" });
  });

  test("lists have commas in a text, and switches words", async () => {
    const env = {
      CRONDUIT_QUEUES: "a,b",
      CRONDUIT_WORKER_ONLY: "yes",
      CRONDUIT_LOG_LEVEL: "debug",
    };
    const { values } = await read({ jobsDir: ["x,y", "z"] }, env);
    expect(values).toMatchObject({
      queues: ["a", "b"],
      jobsDir: ["x", "y", "z"],
      workerOnly: true,
      logLevel: "DEBUG",
    });
  });

  test("a secret may stand in a file, named by each of the three", async () => {
    await write("  of-flag\n", "one");
    await write("of-env", "two");
    await write("x".repeat(32) + "\n" + "y".repeat(32) + "\n", "three");
    await write('jwt_secret_file = "three"\n');
    const { values, origins } = await read(
      { tokenFile: "one" },
      { CRONDUIT_CONNECTION_FILE: join(cwd, "two") },
    );
    expect(values.token).toBe("of-flag");
    expect(values.connection).toBe("of-env");
    expect(values.jwtSecret).toEqual(["x".repeat(32), "y".repeat(32)]);
    expect(origins.jwtSecret.name).toBe("cronduit.toml:1");
    expect(origins.token.name).toBe("--token-file");
  });

  test("what tasks and Kubernetes set is nobody's setting", async () => {
    const env = {
      CRONDUIT_RUN_ID: "r",
      CRONDUIT_SERVICE_HOST: "10.0.0.1",
      CRONDUIT_SERVICE_PORT_HTTP: "80",
      CRONDUIT_PORT_80_TCP_ADDR: "10.0.0.1",
      CRONDUIT_PORT: "tcp://10.0.0.1:80",
    };
    expect((await read({}, env)).values.port).toBe(4_780);
  });
});

describe("what is refused", () => {
  test.each([
    [
      "CRONDUIT_LOGLEVEL",
      "INFO",
      /There is no setting CRONDUIT_LOGLEVEL\. Did you mean CRONDUIT_LOG_LEVEL\?/,
    ],
    ["CRONDUIT_TOKN_FILE", "x", /Did you mean CRONDUIT_TOKEN_FILE\?/],
    ["CRONDUIT_PORT", "http", /^CRONDUIT_PORT: /],
    ["CRONDUIT_PORT", "70000", /^CRONDUIT_PORT: /],
    ["CRONDUIT_URL", "", /^CRONDUIT_URL is empty/],
    ["CRONDUIT_URL", "https://a:b@host", /^CRONDUIT_URL: /],
    ["CRONDUIT_LOG_LEVEL", "loud", /DEBUG, INFO, WARNING, ERROR/],
    ["CRONDUIT_TZ", "Mars/Base", /^CRONDUIT_TZ: .*time zone/],
    ["CRONDUIT_YES", "maybe", /^CRONDUIT_YES: /],
    ["CRONDUIT_TOKEN_FILE", "gone", /CRONDUIT_TOKEN_FILE: .*gone can't be read: it is not there/],
    ["CRONDUIT_JWT_SECRET", "short", /^CRONDUIT_JWT_SECRET: /],
  ])("%s=%s", async (name, value, message) => {
    await expect(read({}, { [name]: value })).rejects.toThrow(message);
  });

  test("no message has a secret", async () => {
    const secret = "hunter2 hunter2";
    for (const name of SETTINGS.filter(({ isSecret }) => isSecret).map((each) => each.name)) {
      const error: unknown = await read({}, { [variableOf(name)]: secret }).catch(
        (e: unknown) => e,
      );
      expect(String(error)).not.toContain("hunter2");
    }
  });

  test("a secret twice", async () => {
    const env = { CRONDUIT_TOKEN: "a", CRONDUIT_TOKEN_FILE: "b" };
    await expect(read({}, env)).rejects.toThrow(
      "Both CRONDUIT_TOKEN and CRONDUIT_TOKEN_FILE are set",
    );
  });

  test("a file that others may write", async () => {
    await write('prefix = "a"');
    await chmod(join(cwd, "cronduit.toml"), 0o666);
    await expect(read({})).rejects.toThrow("cronduit.toml may be written by others.");
  });

  test("a file that is named and not there; one that is merely not there is none", async () => {
    await expect(read({ config: "other.toml" })).rejects.toThrow(
      "other.toml can't be read: it is not there",
    );
    expect((await read({})).file).toBeUndefined();
  });

  test("a wrong setting of the file, at its place; not a wrong job", async () => {
    await write('[jobs.a]\nschedule = "nonsense"\n');
    expect((await read({})).values.prefix).toBe("cronduit");
    await write('\nport = "x"\n');
    await expect(read({})).rejects.toThrow(/^cronduit\.toml:2:8 port: /);
  });
});

describe("settings in a file of jobs", () => {
  test("stand above its tables, and are checked", () => {
    const { jobs, problems } = readToml(
      'log_level = "INFO"\ntoken_file = "x"\n[jobs.a]\ntype = "BASH"\ncommand = "true"\nschedule = "every 1 h"\n',
      "c.toml",
    );
    expect(problems).toEqual([]);
    expect(jobs).toHaveLength(1);
    const wrong = readToml("portt = 1\nlog_keep = 0\nyes = true\n", "c.toml").problems;
    expect(wrong.map(({ code, line, hint }) => [code, line, hint])).toEqual([
      ["UNKNOWN_KEY", 1, 'Did you mean "port"?'],
      ["INVALID_VALUE", 2, expect.stringContaining("Allowed")],
      ["UNKNOWN_KEY", 3, expect.anything()],
    ]);
  });
});
