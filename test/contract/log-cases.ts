import { expect, test } from "vitest";
import type { LogLine, LogWrite } from "../../src/engine/port/engine.ts";
import type { CaseJob } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

function line(message: string, more: Partial<LogLine> = {}): LogLine {
  return { at: 10, level: "info", message, attempt: 1, ...more };
}

/** The logs of runs. */
export function logCases({ bench }: CaseContext): void {
  const idOf = (job: CaseJob, fireAt: number) => bench().queueJobId(job, fireAt);
  const write = (job: CaseJob, fireAt: number, lines: LogLine[], more: Partial<LogWrite> = {}) =>
    bench().engine.logs.append([
      {
        jobId: job.id,
        runId: idOf(job, fireAt),
        lines,
        maxBytes: 100_000,
        retention: { runs: 100, ageMs: 86_400_000 },
        ...more,
      },
    ]);
  const read = async (job: CaseJob, fireAt: number, after?: string, limit = 1_000) =>
    bench().engine.logs.read({ jobId: job.id, runId: idOf(job, fireAt), after, limit });
  const messages = async (job: CaseJob, fireAt: number) =>
    (await read(job, fireAt)).lines.map(({ message }) => message);

  test("lines come back as they were, in order, page by page, and later ones after the cursor", async () => {
    const b = bench();
    const job = await b.addJob();
    const odd = line("ä\u0000\ud83d {}", { fields: { deep: [1, { a: null }], text: "\u0000" } });
    const lines = [...Array.from({ length: 1_200 }, (_, i) => line(`line ${i}`)), odd];
    await write(job, b.now, lines);
    const first = await read(job, b.now, undefined, 700);
    const second = await read(job, b.now, first.cursor, 700);
    expect([...first.lines, ...second.lines]).toEqual(lines);
    const nothing = await read(job, b.now, second.cursor);
    expect(nothing).toEqual({ lines: [], cursor: second.cursor });
    await write(job, b.now, [line("later", { level: "error" })]);
    expect((await read(job, b.now, second.cursor)).lines).toEqual([
      line("later", { level: "error" }),
    ]);
    expect(await read(job, b.now + 1)).toEqual({ lines: [], cursor: undefined });
    expect(await messages(job, b.now)).toHaveLength(1_000);
    expect((await read(job, b.now, "no cursor")).lines).toEqual([]);
  });

  test("what exceeds the bound is dropped, and one line says so", async () => {
    const b = bench();
    const job = await b.addJob();
    const long = "x".repeat(500);
    await write(job, b.now, [line(long), line(long), line(long)], { maxBytes: 1_200 });
    await write(job, b.now, [line("small")], { maxBytes: 1_200 });
    const { lines } = await read(job, b.now);
    expect(lines.map(({ level }) => level)).toEqual(["info", "info", "warn"]);
    expect(lines[2]?.message).toMatch(/cut.*1,200 bytes/);
  });

  test("logs of the oldest runs go when there are more than are kept, and of old ones", async () => {
    const b = bench();
    const job = await b.addJob();
    const from = b.now;
    for (let i = 0; i < 5; i += 1) {
      b.now = from + i;
      await write(job, from + i, [line(`run ${i}`)], { retention: { runs: 3, ageMs: 86_400_000 } });
    }
    expect((await Promise.all([0, 1, 2, 3, 4].map((i) => messages(job, from + i)))).flat()).toEqual(
      ["run 2", "run 3", "run 4"],
    );
    b.now += 10_000;
    await write(job, b.now, [line("young")], { retention: { runs: 3, ageMs: 5_000 } });
    expect((await Promise.all([2, 3, 4].map((i) => messages(job, from + i)))).flat()).toEqual([]);
    expect(await messages(job, b.now)).toEqual(["young"]);
  });

  test("the log of a run of the past is as young as the run itself", async () => {
    const b = bench();
    const job = await b.addJob();
    const retention = { runs: 3, ageMs: 5_000 };
    b.now += 100_000;
    for (let i = 0; i < 3; i += 1) {
      b.now += 1;
      await write(job, b.now, [line("of today")], { retention });
    }
    b.now += 1;
    await write(job, b.now - 90_000, [line("of the past")], { retention });
    expect(await messages(job, b.now - 90_000)).toEqual(["of the past"]);
    expect(await messages(job, b.now - 3)).toEqual([]);
  });

  test("logs are deleted before an instant or all, and the ledger stays", async () => {
    const b = bench();
    const job = await b.addJob();
    const from = b.now;
    for (let i = 0; i < 4; i += 1) {
      b.now = from + i;
      await write(job, from + i, [line(`run ${i}`)]);
    }
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await b.settle(job, runId);
    expect(await b.engine.logs.delete(job.id, from + 2)).toBe(2);
    expect(await b.engine.logs.delete(job.id, from + 2)).toBe(0);
    expect(await messages(job, from + 1)).toEqual([]);
    expect(await messages(job, from + 2)).toEqual(["run 2"]);
    expect(await b.engine.logs.delete(job.id, Number.MAX_SAFE_INTEGER)).toBe(2);
    expect(await messages(job, from + 3)).toEqual([]);
    expect(await b.ledger(job)).toHaveLength(1);
  });
}
