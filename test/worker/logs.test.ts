import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { definePipeline, Pipeline, type RunContext } from "../../src/index.ts";
import { onEachEngine, TestScheduler } from "./test-scheduler.ts";

const SECRET = "hunter2-tops3cret";
const KEY = "-----BEGIN-----\nabcdefghijkl\nmnopqrstuvwx\n-----END-----";

const params = z.object({
  user: z.string(),
  password: z.string().meta({ secret: true }),
  keys: z.array(z.object({ pem: z.string().meta({ secret: true }) })).default([]),
});

/** Says its secret in every way that there is. */
class Leak extends Pipeline<typeof params> {
  static override readonly params = params;
  async run({ params: given, log, step, progress }: RunContext<typeof params>) {
    log.info(`connecting as ${given.user} with ${given.password}`, {
      given,
      "x-key": given.password,
    });
    for (const line of given.keys[0]?.pem.split("\n") ?? []) console.log(`> ${line}`);
    progress(0.5, `with ${given.password}`);
    await step("fails", () => {
      throw new Error(`refused: ${given.password}`);
    }).catch(() => undefined);
    const kept = await step("kept", () => given.password);
    if (given.user === "fail")
      throw Object.assign(new Error(`bad password "${given.password}"`), {
        name: `Refused ${given.password}`,
        code: given.password,
      });
    return { said: `"${given.password}"`, works: kept === given.password };
  }
}
definePipeline(Leak, { name: "leak", params });

onEachEngine((connection) => {
  let fleet: TestScheduler;
  beforeAll(async () => {
    for (const method of ["log", "error"] as const)
      vi.spyOn(console, method).mockImplementation(() => undefined);
    fleet = await TestScheduler.open(connection(), {
      pipelines: [Leak],
      worker: { captureConsole: true, redact: ["token", "*.password", "items[*].key"] },
    });
  }, 60_000);
  afterAll(async () => {
    await fleet[Symbol.asyncDispose]();
    vi.restoreAllMocks();
  });

  test("lines are stored with their run before its verdict is", async () => {
    const run = await fleet.run(
      ({ log, attempt }) => {
        log.debug("debug");
        log.info("info", { rows: 3, error: new TypeError("inner"), big: 10n ** 20n });
        log.warn("warn");
        log.error("error");
        if (attempt === 1) throw new Error("again");
      },
      { retry: { attempts: 2, delay: "1ms" } },
    );
    const { lines } = await fleet.scheduler.getLogs(run.id);
    expect(lines.map(({ level, message, attempt }) => [level, message, attempt])).toEqual(
      [1, 2].flatMap((attempt) => [
        ["debug", "debug", attempt],
        ["info", "info", attempt],
        ["warn", "warn", attempt],
        ["error", "error", attempt],
      ]),
    );
    expect(lines[1]?.fields).toEqual({
      rows: 3,
      error: { name: "TypeError", message: "inner" },
      big: { $type: "bigint", value: "100000000000000000000" },
    });
    expect(lines[0]?.fields).toEqual({});
    const said = fleet.logged.find(({ message }) => message === "info");
    expect(said?.fields).toMatchObject({ runId: run.id, jobId: run.jobId, attempt: 1, rows: 3 });
  });

  test("very many lines end with one that says that the log was cut", async () => {
    const run = await fleet.run(
      ({ log }) => {
        for (let i = 0; i < 5_000; i += 1) log.info(`line ${i} ${"x".repeat(40)}`);
      },
      { logs: { maxBytes: 20_000 } },
    );
    const messages = (await fleet.lines(run.id)).map((line) => line.slice(0, 40));
    expect(messages.length).toBeGreaterThan(50);
    expect(messages.length).toBeLessThan(500);
    expect(messages[0]).toMatch(/^info line 0 /);
    expect(messages.at(-1)).toMatch(/^warn .*cut here/);
    const none = await fleet.run(({ log }) => log.info("not kept"), { logs: { maxBytes: 0 } });
    expect(await fleet.lines(none.id)).toEqual([]);
  });

  test("what runs write to the console is in their logs, and each run's in its own", async () => {
    const say = (name: string) => async () => {
      console.log("%s says %d", name, 1, { and: [name] });
      await new Promise((resolve) => setTimeout(resolve, 20));
      console.error(name);
    };
    const runs = await Promise.all([fleet.run(say("a")), fleet.run(say("b"))]);
    expect(await Promise.all(runs.map(({ id }) => fleet.lines(id)))).toEqual([
      ["output a says 1 { and: [ 'a' ] }", "output a"],
      ["output b says 1 { and: [ 'b' ] }", "output b"],
    ]);
  });

  test("fields at redacted paths are masked, in the log and for the logger; what was logged is not changed", async () => {
    const fields = {
      token: "t0ken",
      user: { name: "ann", password: "p4ss" },
      items: [{ key: "k1" }, { key: "k2", name: "two" }],
    };
    const masked = {
      token: "[secret]",
      user: { name: "ann", password: "[secret]" },
      items: [{ key: "[secret]" }, { key: "[secret]", name: "two" }],
    };
    const run = await fleet.run(({ log }) => {
      log.info("fields", fields);
      log.info("large", { user: { password: "p4ss", rest: "y".repeat(300_000) } });
    });
    const { lines } = await fleet.scheduler.getLogs(run.id);
    expect(lines[0]?.fields).toEqual(masked);
    expect(fleet.logged.find(({ message }) => message === "fields")?.fields).toMatchObject(masked);
    expect(fields.user.password).toBe("p4ss");
    expect(JSON.stringify([lines, fleet.logged])).not.toMatch(/p4ss|t0ken/);
  });

  test("a logger that throws fails no run, and the line is kept", async () => {
    const broken = (message: string): void => {
      if (message === "said") throw new Error("disk full");
    };
    const logger = { debug: broken, info: broken, warn: broken, error: broken };
    await using other = await TestScheduler.open(connection(), { logger });
    const run = await other.run(({ log }) => log.info("said"));
    expect(run.verdict).toBe("succeeded");
    expect(await other.lines(run.id)).toEqual(["info said"]);
  });

  test.for(["succeed", "fail"])("secret params are never printed: %s", async (user) => {
    const id = `leak-${user}`;
    await fleet.scheduler.addJob(Leak, {
      id,
      trigger: "date",
      runDate: "2090-01-01",
      params: { user, password: SECRET, keys: [{ pem: KEY }] },
    });
    const run = await fleet.scheduler.runJob(id, { wait: 20 });
    await fleet.story(id, user === "fail" ? "JOB_ERROR" : "JOB_EXECUTED");
    const printed = JSON.stringify([
      run,
      await fleet.scheduler.getLogs(run.id),
      // A step keeps its result for later attempts, but doesn't show it.
      await fleet.scheduler.getSteps(run.id),
      fleet.logged,
      fleet.events.map(({ exception, traceback, retval }) => [
        exception?.message,
        traceback,
        retval,
      ]),
    ]);
    for (const secret of [SECRET, "abcdefghijkl", "mnopqrstuvwx"])
      expect(printed).not.toContain(secret);
    expect(printed).toContain("connecting as");
    expect(printed).toContain("refused: [secret]");
    expect(run.verdict).toBe(user === "fail" ? "failed" : "succeeded");
    if (user !== "fail") expect(run.result).toEqual({ said: '"[secret]"', works: true });
  });
});
