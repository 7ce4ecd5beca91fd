import { describe, expect, test } from "vitest";
import { CronduitError, migrate, PipelineScheduler, PipelineWorker } from "../../src/index.ts";
import type { PipelineSchedulerOptions, PipelineWorkerOptions } from "../../src/index.ts";

const forgotten = process.env["CRONDUIT_TEST_VARIABLE_THAT_IS_NOT_SET"];

/** Every public door that a connection goes through. Callers without types may give anything. */
const DOORS: readonly [string, (connection: unknown) => unknown][] = [
  [
    "new PipelineScheduler",
    (connection) => new PipelineScheduler({ connection } as PipelineSchedulerOptions),
  ],
  [
    "new PipelineWorker",
    (connection) => new PipelineWorker({ connection } as PipelineWorkerOptions),
  ],
  ["migrate", (connection) => migrate(connection as string)],
];

describe.each(DOORS)("%s", (name, open) => {
  const refusal = async (connection: unknown): Promise<CronduitError> => {
    try {
      await open(connection);
    } catch (error) {
      if (error instanceof CronduitError) return error;
      throw error;
    }
    return expect.unreachable("it was accepted");
  };

  test.each([
    ["a variable that is not set", forgotten, "is undefined"],
    ["null", null, "is null"],
    ["an empty variable", "", "is an empty string"],
    ["a blank one", "  ", "is an empty string"],
    ["a host that is not set, in a URL", `redis://${forgotten}:6379`, 'has the host "undefined"'],
    [
      "a host that is not set, in a URL",
      `postgres://app@${forgotten}/db`,
      'has the host "undefined"',
    ],
    [
      "a host that is not set, in options",
      { host: forgotten, port: 6379 },
      "has a host that is undefined",
    ],
    ["an empty host", { host: "" }, "has a host that is empty"],
    ["a port that is not set", { port: forgotten }, "has a port that is undefined"],
    ["a port of nothing", { host: "127.0.0.1", port: Number(forgotten) }, "has a port that is NaN"],
    ["a socket that is not set", { path: forgotten }, "has a path that is undefined"],
    ["Sentinels that are not set", { sentinels: forgotten }, "has sentinels that are undefined"],
    [
      "a Sentinel that is not set",
      { name: "main", sentinels: [{ host: forgotten, port: 26_379 }] },
      "has a host that is undefined",
    ],
    ["no server at all", {}, "names no server: no host, port or path"],
    ["a URL where options are", { url: forgotten }, "names no server: no host, port or path"],
    ["options in options", { connection: forgotten }, "names no server: no host, port or path"],
    [
      "a password that is not set, in a URL",
      `postgres://app:${forgotten}@127.0.0.1/db`,
      'has the password "undefined"',
    ],
    [
      "a database that is not set, in a URL",
      `postgres://app@127.0.0.1/${forgotten}`,
      'has the database "undefined"',
    ],
    ["a cluster that is not set", { cluster: forgotten }, "has a cluster that is undefined"],
    [
      "a node of a cluster",
      {
        cluster: [
          { host: "127.0.0.1", port: 1 },
          { host: forgotten, port: 1 },
        ],
      },
      "has a host that is undefined",
    ],
  ])("%s: %j", async (_, connection, what) => {
    const error = await refusal(connection);
    expect(error).toMatchObject({ code: "INVALID_OPTION", data: { path: "connection" } });
    expect(error.message).toContain(`${name}, option "connection": ${what}.`);
    expect(error.message).toContain("Is an environment variable not set?");
  });
});

test("a variable of the environment type-checks as it is, also under exactOptionalPropertyTypes", () => {
  const connection = process.env["REDIS_URL"];
  const scheduler: PipelineSchedulerOptions = {
    connection,
    prefix: connection,
    timeout: undefined,
  };
  const worker: PipelineWorkerOptions = { connection };
  const [place]: Parameters<typeof migrate> = [connection];
  expect([scheduler.connection, worker.connection, place]).toEqual(Array(3).fill(connection));
  // @ts-expect-error The compiler still reports an omission.
  expect(() => new PipelineWorker({})).toThrow("is missing");
});

test("a scheduler without the option, and one that says so, keep all in this process", async () => {
  for (const options of [{}, { connection: forgotten ?? "memory:" }]) {
    await using scheduler = new PipelineScheduler({ worker: false, ...options });
    expect(scheduler.engine).toBe("memory");
  }
});
