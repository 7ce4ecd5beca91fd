import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { inject, test } from "vitest";
import { runProgram } from "./helpers/run-program.ts";

/** A place of its own for each. */
const ownPlace = () => ({
  REDIS_URL: inject("redisUrl"),
  CRONDUIT_PREFIX: `examples-${randomUUID()}`,
});

const programs = [
  ["quickstart.ts", "succeeded"],
  ["dependencies.ts", "to ops@example.com: look at the report"],
  ["decorator.ts", "by-function 3"],
  ["listeners.ts", "failed manual the sensor is unplugged"],
  // It ends only when the long run is done, too.
  ["graceful-shutdown.ts", "short: done in attempt 1"],
  ["history.ts", "was skipped at"],
  ["simulate.ts", "backup: 1 missed"],
  ["tasks.ts", "greet failed TASK_FAILED greet greets the world with [secret]"],
] as const;
const together = ["scheduler.ts", "worker.ts"];
const shared = ["place.ts", "report.ts"];

test("every example is run here", ({ expect }) => {
  const files = readdirSync("examples").filter((name) => name.endsWith(".ts"));
  const known = [...programs.map(([file]) => file), ...together, ...shared];
  expect(files.toSorted()).toEqual(known.toSorted());
});

// They mostly wait.
test.concurrent.for(programs)(
  "examples/%s runs and ends",
  { timeout: 60_000 },
  async ([file, words], { expect }) => {
    const { code, output } = await runProgram(`examples/${file}`, { env: ownPlace() });
    expect(output).toContain(words);
    expect(code).toBe(0);
  },
);

test.concurrent("examples/quickstart.ts, run by tsx, needs no server", async ({ expect }) => {
  const env = { REDIS_URL: "", DATABASE_URL: "" };
  const { code, output } = await runProgram("examples/quickstart.ts", {
    env,
    isTypeScript: true,
  });
  expect(output).toContain("succeeded");
  expect(code).toBe(0);
});

test.concurrent("examples/testing/from-production starts from a fixture", async ({ expect }) => {
  const file = "examples/testing/from-production/start.ts";
  const { code, output } = await runProgram(file, { isTypeScript: true });
  expect(output).toContain("pass 1");
  expect(code).toBe(0);
});

test("a process ends as soon as its scheduler was shut down", async ({ expect }) => {
  const from = performance.now();
  await runProgram("examples/dependencies.ts", { env: ownPlace() });
  // It takes a second or two. A connection's timer once kept it for 20 seconds longer.
  expect(performance.now() - from).toBeLessThan(18_000);
}, 60_000);

test.concurrent(
  "examples/scheduler.ts and examples/worker.ts work together",
  async ({ expect }) => {
    const env = ownPlace();
    const ended = new AbortController();
    const worker = runProgram("examples/worker.ts", { env, stop: ended.signal });
    const scheduler = await runProgram("examples/scheduler.ts", { env });
    ended.abort();
    expect(scheduler.output).toMatch(/report: 'eu at /);
    expect(scheduler.code).toBe(0);
    expect((await worker).output).toContain("takes runs");
  },
  60_000,
);

test.concurrent(
  "examples/etl: three jobs with conditions, retries and steps, killed in the middle of a step",
  async ({ expect }) => {
    const env = ownPlace();
    const { code, output } = await runProgram("examples/etl/main.ts", { env, limitMs: 170_000 });
    expect(output).toContain('report: {"eu":606,"us":60}');
    const executed = [...output.matchAll(/executed (\d) times? *: (.+)/g)].map(
      ([, count, step]) => `${count} ${step}`,
    );
    expect(executed).toEqual([
      "1 copy orders-1.csv",
      "1 copy orders-2.csv",
      "2 copy orders-3.csv",
      "1 sum orders-1.csv",
      "2 sum orders-2.csv",
      "1 sum orders-3.csv",
      "1 add up",
    ]);
    expect(code).toBe(0);
  },
  180_000,
);
