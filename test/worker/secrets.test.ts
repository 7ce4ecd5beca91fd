import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { z } from "zod";
import { EVENT_ALL, type Run, type SchedulerEvent } from "../../src/index.ts";
import { startCompiledChildren } from "../helpers/compiled-path.ts";
import { BY_DEFAULT, Indiscreet, type SecretParams, spelled } from "./secret-pipelines.ts";
import { eventually, onEachEngine, TestScheduler } from "./test-scheduler.ts";

startCompiledChildren();

type Given = z.input<typeof SecretParams>;

const text = fc
  .oneof(
    fc.string({ unit: "grapheme-ascii", minLength: 6, maxLength: 24 }),
    fc.string({ unit: "grapheme", minLength: 6, maxLength: 16 }),
    fc.constantFrom(
      "true-true",
      '"quoted" word',
      String.raw`back\slash\n`,
      "a&b=c d+e%20",
      "100200",
      "{[,:]}",
      "null,null",
    ),
  )
  .filter((made) => made.trim().length >= 6 && !made.includes("\0"));

const given: fc.Arbitrary<Given> = fc.record({
  end: fc.constantFrom("return", "throw", "report", "other"),
  open: fc.constant(51_234),
  text,
  number: fc.oneof(
    fc.constant(1_234),
    fc.integer({ min: 100_000, max: 2 ** 31 }),
    fc.constant(0.5625),
  ),
  big: fc.bigInt({ min: 10n ** 18n, max: 10n ** 20n }).map(String),
  flag: fc.boolean(),
  short: fc.constantFrom("1", "t", "x1", "4", "ok", '"', ",", "}", "true"),
  list: fc.array(text, { minLength: 1, maxLength: 3 }),
  either: fc.oneof(fc.integer({ min: 100_000, max: 999_999 }), text),
  byDefault: fc.option(text, { nil: undefined }),
  piped: text,
  record: fc.dictionary(fc.constantFrom("a", "b"), text),
  keys: fc.dictionary(
    text.filter((made) => !["__proto__"].includes(made)),
    fc.integer({ min: 1, max: 9 }),
    { minKeys: 1, maxKeys: 2 },
  ),
}) as fc.Arbitrary<Given>;

function secretTexts({ byDefault = BY_DEFAULT, ...params }: Given): string[] {
  const { text: one, list, either, piped, record, keys } = params;
  const all = [one, byDefault, piped, ...list, ...Object.values(record), ...Object.keys(keys)];
  return [...all, ...(typeof either === "string" ? [either] : [])];
}

/** All strings and numbers of a value, keys too. */
function leaves(value: unknown): (string | number)[] {
  if (typeof value === "string" || typeof value === "number") return [value];
  if (value instanceof Error)
    return [value.name, value.message, value.stack ?? "", ...Object.values(value).flatMap(leaves)];
  if (typeof value !== "object" || value === null || value instanceof Date) return [];
  return Object.entries(value).flatMap(([key, item]) => leaves(item).concat(key));
}

/** What of the secrets can be read in a value. */
function leaks(params: Given, value: unknown): string[] {
  const numbers = [params.number, params.either, params.big].flatMap((n) =>
    typeof n === "string" && n === params.either ? [] : [`${n}`],
  );
  const found = leaves(value);
  const said = found.filter((leaf) => typeof leaf === "string");
  const inText = secretTexts(params).flatMap((secret) =>
    spelled(secret).flatMap((way) =>
      said.filter((leaf) => leaf.includes(way)).map((leaf) => `${way} in ${leaf.slice(0, 200)}`),
    ),
  );
  const asNumber = numbers.flatMap((n) =>
    found
      .filter((leaf) => String(leaf) === n || (typeof leaf === "string" && leaf.includes(` ${n}`)))
      .map((leaf) => `${n} as ${String(leaf).slice(0, 200)}`),
  );
  return [...inText, ...asNumber];
}

onEachEngine((connection) => {
  let fleet: TestScheduler;
  let jobs = 0;
  const durable: SchedulerEvent[] = [];
  beforeAll(async () => {
    for (const method of ["log", "error"] as const)
      vi.spyOn(console, method).mockImplementation(() => undefined);
    fleet = await TestScheduler.open(connection(), {
      pipelines: [Indiscreet],
      worker: { captureConsole: true },
    });
    fleet.scheduler.addListener((event) => void durable.push(event), EVENT_ALL, {
      name: "durable",
    });
  }, 60_000);
  afterAll(async () => {
    await fleet[Symbol.asyncDispose]();
    vi.restoreAllMocks();
  });

  async function perform(params: Given, isolate: "none" | "process"): Promise<Run> {
    const id = `indiscreet-${(jobs += 1)}`;
    await fleet.scheduler.addJob(Indiscreet, {
      id,
      trigger: "date",
      runDate: "2090-01-01",
      params,
      ...(isolate === "process" ? { isolate } : {}),
      retry: { attempts: 2, delay: "1ms" },
    });
    const run = await fleet.scheduler.runJob(id, { wait: "60s" });
    const isOver = (events: readonly SchedulerEvent[]) => () =>
      events.some(
        ({ name, jobId }) => jobId === id && (name === "JOB_ERROR" || name === "JOB_EXECUTED"),
      );
    // They hear, whatever was said.
    await eventually(`events of ${id}`, isOver(fleet.events));
    await eventually(`durable events of ${id}`, isOver(durable));
    return run;
  }

  async function allThatIsSaid(run: Run) {
    const { scheduler, logged } = fleet;
    const own = ({ jobId }: SchedulerEvent) => jobId === run.jobId;
    return {
      run,
      runs: await scheduler.getRuns(run.jobId),
      job: await scheduler.getJob(run.jobId),
      jobs: (await scheduler.getJobs({ text: run.jobId })).jobs.filter(
        ({ id }) => id === run.jobId,
      ),
      explained: await scheduler.explain(run.jobId, run.fireTime),
      steps: await scheduler.getSteps(run.id),
      log: await scheduler.getLogs(run.id, { limit: 10_000 }),
      logged: logged.filter(({ fields }) => fields?.["jobId"] === run.jobId),
      events: fleet.events.filter(own),
      durable: durable.filter(own),
    };
  }

  for (const [isolate, numRuns] of [
    ["none", 8],
    ["process", 2],
  ] as const)
    test(
      `what a run says of its secrets is masked wherever it leaves the run: isolate ${isolate}`,
      { timeout: 240_000 },
      async () => {
        await fc.assert(
          fc.asyncProperty(given, async (params) => {
            const run = await perform(params, isolate);
            expect(run.attempt).toBe(2);
            expect(run.verdict).toBe(params.end === "return" ? "succeeded" : "failed");
            expect(run.error?.code).not.toBe("RUN_CRASHED");
            const said = await allThatIsSaid(run);
            for (const [place, value] of Object.entries(said))
              expect([place, leaks(params, value)]).toEqual([place, []]);
            const lines = said.log.lines.map(({ message }) => message);
            expect(lines.some((line) => line.startsWith("says [secret]"))).toBe(true);
            expect(lines.some((line) => line.startsWith("prints [secret]"))).toBe(true);
            expect(
              lines.filter((line) =>
                /^x+\[secret\]|^z+\[secret\]|^[xz]+… \(\d+ more characters\)$/.test(line),
              ),
            ).toHaveLength(4);
            expect(said.steps.map(({ name }) => name)).toContain("named [secret]");
            if (params.end === "return" && !JSON.stringify(run.result).includes("$truncated"))
              expect(run.result).toMatchObject({
                ok: true,
                count: 51_234,
                flag: "[secret]",
                short: "[secret]",
                number: "[secret]",
                big: "[secret]",
              });
          }),
          { numRuns, endOnFailure: true },
        );
      },
    );

  test("an export can be read, and holds what runs said without their secrets", async () => {
    const params = { ...fc.sample(given, { numRuns: 1, seed: 7 })[0], end: "return" } as Given;
    const run = await perform(params, "none");
    let exported = "";
    for await (const line of fleet.scheduler.exportState({ resume: true })) exported += line;
    const records = exported
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const ledger = records.filter(({ kind, jobId }) => kind === "ledger" && jobId === run.jobId);
    expect(ledger).toHaveLength(1);
    expect(leaks(params, ledger)).toEqual([]);
  });
});
