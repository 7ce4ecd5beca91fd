// A run's result is typed by its pipeline: what the compiler says of it is what is stored.
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  defineJob,
  type Job,
  lineLogger,
  Pipeline,
  PipelineScheduler,
  type ResultOf,
  type Run,
  type RunPage,
  type StoredError,
  type StoredResult,
  type UnkeptResult,
} from "../../src/index.ts";

const noon = new Date("2026-03-01T12:00:00Z");
const once = { trigger: "date", runDate: "2999-01-01" } as const;

class Account {
  readonly id = 7;
  describe(): string {
    return `account ${this.id}`;
  }
}

class Report extends Pipeline.with(z.object({ note: z.string().optional() })) {
  async run({ params }: this["Context"]) {
    return {
      success: true,
      at: noon,
      note: params.note,
      weeks: [
        [1, 2],
        [3, undefined],
      ],
      cells: [{ at: noon, note: params.note }],
      size: 12n,
      byDay: new Map([["mon", noon]]),
      days: new Set(["mon"]),
      place: new URL("https://example.com/"),
      cause: new TypeError("late"),
      account: new Account(),
    };
  }
}

/** As JSON has it; the class has a method, so the compiler can't tell its fields from its methods. */
interface StoredReport {
  success: boolean;
  at: string;
  note?: string;
  weeks: (number | null)[][];
  cells: { at: string; note?: string }[];
  size: { $type: "bigint"; value: string };
  byDay: { $type: "Map"; entries: [string, string][] };
  days: { $type: "Set"; values: string[] };
  place: string;
  cause: Omit<StoredError, "stack">;
  account: unknown;
}

class Either extends Pipeline.with(z.object({ rows: z.number() })) {
  run({ params: { rows } }: this["Context"]) {
    return rows < 0
      ? { success: false as const, error: "no rows" }
      : { success: true as const, rows, padding: "x".repeat(rows) };
  }
}

const sum = defineJob({
  name: "sum",
  params: z.object({ of: z.array(z.number()) }),
  run: async ({ params }) => ({ sum: params.of.reduce((a, b) => a + b, 0), until: noon }),
});

describe("on a scheduler", () => {
  const scheduler = new PipelineScheduler({
    pipelines: [Report, Either, sum],
    logger: lineLogger("error"),
  });
  beforeAll(() => scheduler.start());
  afterAll(() => scheduler.shutdown());

  test("every field is there as its type says", async () => {
    const job = await scheduler.addJob(Report, once);
    const { result } = await job.run({ wait: "60s" });
    expectTypeOf(result).toExtend<StoredReport | UnkeptResult | undefined>();
    expectTypeOf<StoredReport>().toExtend<typeof result>();
    // Each of these compiles as it is read, and reads what was stored.
    expect(result?.at?.slice(0, 10)).toBe("2026-03-01");
    expect(result?.note?.length).toBeUndefined();
    expect(result?.weeks?.map((week) => week.map((day) => day?.toFixed(1)))).toEqual([
      ["1.0", "2.0"],
      ["3.0", undefined],
    ]);
    expect(result?.cells?.[0]?.at.endsWith("Z")).toBe(true);
    expect(BigInt(result?.size?.value ?? 0)).toBe(12n);
    expect(result?.byDay?.entries[0]?.[1].slice(0, 4)).toBe("2026");
    expect(result?.days?.values.join()).toBe("mon");
    expect(result?.place?.startsWith("https:")).toBe(true);
    expect(result?.cause?.message).toBe("late");
    // All of it, so that nothing is there that the types deny.
    const stored: StoredReport = {
      success: true,
      at: noon.toISOString(),
      weeks: [
        [1, 2],
        [3, null],
      ],
      cells: [{ at: noon.toISOString() }],
      size: { $type: "bigint", value: "12" },
      byDay: { $type: "Map", entries: [["mon", noon.toISOString()]] },
      days: { $type: "Set", values: ["mon"] },
      place: "https://example.com/",
      cause: { name: "TypeError", message: "late" },
      account: { $type: "Account", id: 7 },
    };
    expect(result).toStrictEqual(stored);
    const noted = await job.run({ params: { note: "n" }, wait: "60s" });
    expect(noted.result?.note?.toUpperCase()).toBe("N");
  });

  test("one that says how it went is narrowed by that", async () => {
    const job = await scheduler.schedule("every 24 hours", Either, { rows: 3 });
    const { result } = await job.run({ wait: "60s" });
    expect(result?.success && result.rows).toBe(3);
    const failed = await job.run({ params: { rows: -1 }, wait: "60s" });
    expect(failed.verdict).toBe("failed");
    expect(failed.result?.success === false && failed.result.error).toBe("no rows");
  });

  test("one that was too large has none of its fields, and says so", async () => {
    const job = await scheduler.addJob(new Either(), { ...once, params: { rows: 9_000 } });
    const { result } = await job.run({ wait: "60s" });
    expect(result?.success).toBeUndefined();
    const cut = result && "preview" in result ? result : undefined;
    expectTypeOf(cut?.$truncated).toEqualTypeOf<true | undefined>();
    expect(cut?.$truncated).toBe(true);
    expect(cut?.bytes).toBeGreaterThan(9_000);
    expect(cut?.preview?.slice(0, 15)).toBe('{"success":true');
  });

  test("by id, a type names the pipeline", async () => {
    const { id } = await scheduler.addJob(sum, { ...once, params: { of: [1, 2] } });
    const run = await scheduler.runJob<typeof sum>(id, { wait: "60s" });
    expect(run.result?.sum?.toFixed(0)).toBe("3");
    expectTypeOf(await scheduler.getRun<typeof sum>(run.id)).toEqualTypeOf(run);
    const page = await scheduler.getRuns<typeof sum>(id);
    expectTypeOf(page).toEqualTypeOf<RunPage<ResultOf<typeof sum>>>();
    expect(page.runs[0]?.result?.until?.slice(0, 4)).toBe("2026");
    const job = await scheduler.getJob<typeof sum>(id);
    const changed = await (await job?.pause())?.modify({ params: { of: [4] } });
    expect((await changed?.run({ wait: "60s" }))?.result?.sum).toBe(4);
    const modified = await scheduler.modifyJob<typeof sum>(id, { maxInstances: 2 });
    expectTypeOf(modified).toEqualTypeOf(job ?? modified);
  });

  test("without a pipeline nothing is known", async () => {
    const { id } = await scheduler.addJob("sum", { ...once, params: { of: [1] } });
    const named = await scheduler.addJob("sum", { ...once, id, params: { of: [1] } });
    expectTypeOf(named).toEqualTypeOf<Job>();
    const run = await scheduler.runJob(id, { wait: "60s" });
    expectTypeOf(run).toEqualTypeOf<Run>();
    expectTypeOf(run.result).toBeUnknown();
    expectTypeOf((await scheduler.getRun(run.id)).result).toBeUnknown();
    expectTypeOf((await scheduler.getRuns(id)).runs[0]?.result).toBeUnknown();
    // A typed one is taken where any is.
    expectTypeOf<Job<undefined, number>>().toExtend<Job>();
    expectTypeOf<Run<number>>().toExtend<Run>();
  });
});

test("what a type doesn't tell is unknown", () => {
  interface Tree {
    name: string;
    children: Tree[];
  }
  expectTypeOf<StoredResult<unknown>>().toBeUnknown();
  expectTypeOf<StoredResult<ReturnType<typeof JSON.parse>>>().toBeUnknown();
  expectTypeOf<StoredResult<Account>>().toBeUnknown();
  expectTypeOf<StoredResult<object>>().toBeUnknown();
  expectTypeOf<StoredResult<() => void>>().toBeUnknown();
  expectTypeOf<StoredResult<symbol>>().toBeUnknown();
  expectTypeOf<StoredResult<Uint8Array>>().toBeUnknown();
  expectTypeOf<StoredResult<{ a: unknown }>>().toEqualTypeOf<
    { a?: unknown } | UnkeptResult<"a"> | undefined
  >();
  expectTypeOf<NonNullable<StoredResult<Promise<Tree>>>["children"]>().toExtend<
    unknown[] | undefined
  >();
});

test("simple results", () => {
  expectTypeOf<StoredResult<void>>().toEqualTypeOf<undefined>();
  expectTypeOf<StoredResult<never>>().toEqualTypeOf<undefined>();
  expectTypeOf<StoredResult<Promise<number>>>().toEqualTypeOf<number | undefined>();
  expectTypeOf<StoredResult<boolean | null>>().toEqualTypeOf<boolean | null | undefined>();
  expectTypeOf<StoredResult<string>>().toEqualTypeOf<string | UnkeptResult | undefined>();
  expectTypeOf<StoredResult<Date>>().toEqualTypeOf<string | UnkeptResult | undefined>();
  expectTypeOf<StoredResult<Date[]>>().toEqualTypeOf<string[] | UnkeptResult | undefined>();
  expectTypeOf<StoredResult<readonly [Date, undefined]>>().toEqualTypeOf<
    readonly [string, null] | UnkeptResult | undefined
  >();
  expectTypeOf<StoredResult<Record<string, Date>>>().toEqualTypeOf<
    Record<string, string> | UnkeptResult | undefined
  >();
  // A field that has the name of one of the marker's may be either.
  const either = {} as NonNullable<StoredResult<{ bytes: string }>>;
  expectTypeOf(either.bytes).toEqualTypeOf<string | number | undefined>();
});
