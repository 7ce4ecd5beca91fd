// The parts of the benches that measure nothing. That each bench works is seen by `npm run bench -- all --quick`.
import { expect, test } from "vitest";
import { APART_MS, MIXED, REQUESTS, requestAt } from "./api/requests.ts";
import { timeCalls } from "./api/timed.ts";
import { benchFiles, BENCHES, loadBench } from "./catalogue.ts";
import { BARE, CRONDUIT, type Sample } from "./measure/bench.ts";
import { compare } from "./measure/compare.ts";
import { parseInfo } from "./measure/redis-reading.ts";
import { playRounds } from "./measure/rounds.ts";
import { quantile, spreadOf } from "./measure/statistics.ts";
import { printTable, show, showSpread, tableOf } from "./measure/table.ts";
import { readOptions } from "./options.ts";
import { missing, nameOf } from "./streams/heard.ts";
import { renderReport, type Results, resultsSchema } from "./report.ts";

const SPEED = { label: "runs/s", better: "more" } as const;
const BENCH = {
  figures: { speed: SPEED, late: { label: "late", better: "less" } as const },
  sides: [CRONDUIT, BARE],
};

function sample(side: string, round: number, speed: number | null, part = ""): Sample {
  return { part, side, round, figures: { speed } };
}

test("a spread is the median and the ends, without what was not measured", () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, lowest: 1, highest: 3 });
  expect(spreadOf([4, null, 1])).toEqual({ median: 2.5, lowest: 1, highest: 4 });
  expect(spreadOf([10, 9])).toEqual({ median: 9.5, lowest: 9, highest: 10 });
  expect(spreadOf([null])).toBeUndefined();
});

test("a quantile is one of the values", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  expect(quantile(hundred, 0.5)).toBe(51);
  expect(quantile(hundred, 0.99)).toBe(100);
  expect(quantile([7], 0.99)).toBe(7);
  expect(quantile([], 0.5)).toBeNull();
});

test("ratios are of two figures of one round, not of the medians", () => {
  const samples = [
    sample(CRONDUIT, 1, 10),
    sample(BARE, 1, 5),
    // A round that was slow for both.
    sample(BARE, 2, 1),
    sample(CRONDUIT, 2, 2),
    sample(CRONDUIT, 3, 100),
    sample(BARE, 3, null),
  ];
  const [row, ...more] = compare(BENCH, samples);
  expect(more).toEqual([]);
  expect(row?.ratios.get(BARE)).toEqual({ median: 2, lowest: 2, highest: 2 });
  expect(row?.spreads.get(CRONDUIT)).toEqual({ median: 10, lowest: 2, highest: 100 });
  expect(row?.spreads.get(BARE)).toEqual({ median: 3, lowest: 1, highest: 5 });
});

test("the sides change places from round to round", async () => {
  const order: string[] = [];
  const samples = await playRounds(
    { count: 2, parts: ["a", "b"], sides: ["x", "y"], say: () => undefined },
    async (part, side) => {
      order.push(part + side);
      return { n: order.length };
    },
  );
  expect(order).toEqual(["ax", "ay", "bx", "by", "ay", "ax", "by", "bx"]);
  expect(samples[4]).toEqual({ part: "a", side: "y", round: 2, figures: { n: 5 } });
});

test.each([
  [0, "0"],
  [0.1234, "0.12"],
  [12.34, "12.3"],
  [123.4, "123"],
  [1_234_567.8, "1,234,568"],
  [-1_234, "-1,234"],
])("%f is shown as %s", (value, text) => expect(show(value)).toBe(text));

test("a spread of one value is that value", () => {
  expect(showSpread({ median: 2, lowest: 2, highest: 2 })).toBe("2.00");
  expect(showSpread({ median: 2, lowest: 1, highest: 30 })).toBe("2.00 (1.00-30.0)");
  expect(showSpread(undefined)).toBe("-");
});

test("a table names each part once, and has no column of parts if there are none", () => {
  const one = [sample(CRONDUIT, 1, 10), sample(BARE, 1, 5)];
  expect(tableOf(BENCH, one)).toEqual([
    ["figure", CRONDUIT, BARE, "ratio"],
    ["runs/s", "10.0", "5.00", "2.00"],
  ]);
  const parts = [sample(CRONDUIT, 1, 10, "small"), sample(BARE, 1, 5, "small")];
  expect(printTable(tableOf(BENCH, parts))).toBe(
    "       figure  cronduit  bare BullMQ  ratio\nsmall  runs/s  10.0      5.00         2.00",
  );
});

test("many sides are lines, those without figures too", () => {
  const bench = { ...BENCH, sides: ["a", "b", "c"], hasSidesAsLines: true };
  expect(tableOf(bench, [sample("a", 1, 1), sample("b", 1, 2)])).toEqual([
    ["", "runs/s"],
    ["a", "1.00"],
    ["b", "2.00"],
    ["c", "-"],
  ]);
});

test("what a server says of itself is read", () => {
  const text = [
    "# CPU",
    "used_cpu_sys:0.5",
    "used_cpu_user:1.25",
    "used_cpu_sys_children:9",
    "used_memory:1048576",
    "total_commands_processed:30",
    "total_reads_processed:20",
    "cmdstat_evalsha:calls=7,usec=12,usec_per_call=1.7",
    "cmdstat_eval:calls=2,usec=3",
    "cmdstat_get:calls=90,usec=3",
    "",
  ].join("\r\n");
  expect(parseInfo(text)).toEqual({
    cpuUs: 1_750_000,
    commands: 30,
    scripts: 9,
    reads: 20,
    memoryBytes: 1_048_576,
  });
});

test("the command line is read", () => {
  expect(readOptions([]).names).toEqual(BENCHES);
  expect(readOptions(["size", "throughput"]).names).toEqual(["throughput", "size"]);
  expect(readOptions(["all", "--json", "out.json"])).toMatchObject({
    json: false,
    out: "out.json",
  });
  expect(readOptions(["burst", "--json"])).toMatchObject({ json: true, names: ["burst"] });
  expect(readOptions(["throughput", "--seconds", "2", "--rounds", "3"])).toMatchObject({
    seconds: 2,
    rounds: 3,
    quick: false,
  });
  expect(readOptions(["api", "--jobs", "100000", "--rows", "5000"])).toMatchObject({
    jobs: 100_000,
    rows: 5_000,
  });
  expect(readOptions(["report", "out.json"]).report).toBe("out.json");
});

test.each([
  [["nothing"], 'There is no bench "nothing". Known are all, throughput'],
  [["--rounds", "0"], "--rounds:"],
  [["--seconds", "soon"], "--seconds:"],
  [["--jobs", "1"], "--jobs:"],
  [["--rows", "many"], "--rows:"],
  [["--sekunden", "1"], "--sekunden"],
  [["report"], "report: name the one file"],
  [["report", "a.json", "b.json"], "report: name the one file"],
])("%j is refused", (args, message) => expect(() => readOptions(args)).toThrow(message));

test("the catalogue names the benches of this folder, and each has a page's worth of words", async () => {
  expect(benchFiles().toSorted()).toEqual([...BENCHES].toSorted());
  for (const name of BENCHES) {
    const bench = await loadBench(name);
    expect(bench.sides[0]).toMatch(/^cronduit/);
    expect(bench.about.length).toBeGreaterThan(80);
    expect(Object.keys(bench.figures)).not.toEqual([]);
  }
});

test("mixed requests are as many of each as the page says, in turns", () => {
  const names = Array.from({ length: 40 }, (_, n) => requestAt(MIXED, n));
  const count = (name: string): number => names.filter((one) => one === name).length;
  expect(count("one job")).toBe(32);
  expect(count("explain")).toBe(4);
  expect(count("a list of 100")).toBe(2);
  expect(count("runs of a job, page 1")).toBe(2);
  expect(requestAt("explain", 3)).toBe("explain");
});

test("a page behind the last one is the last one", () => {
  const endAt = 1_000_000_000;
  const stored = { ids: ["a"], jobId: "j", rows: 250, endAt };
  const { path } = REQUESTS["runs of a job, page 10,000"];
  expect(path(stored, 0)).toContain(`cursor=${endAt - 150 * APART_MS}:0`);
  expect(path({ ...stored, rows: 2_000_000 }, 0)).toContain(
    `cursor=${endAt - 999_900 * APART_MS}:0`,
  );
});

test("what each client lost, had twice or out of order is counted", () => {
  const heard = (...numbers: number[]): string[] => numbers.map(nameOf);
  expect(missing([heard(0, 1, 2), heard(0, 1, 2)], 3)).toEqual({ lost: 0, astray: 0 });
  expect(missing([heard(0, 2), heard()], 3)).toEqual({ lost: 4, astray: 0 });
  expect(missing([heard(0, 1, 1, 2), heard(1, 0, 2)], 3)).toEqual({ lost: 0, astray: 2 });
});

test("calls are timed, so many at once", async () => {
  let open = 0;
  let most = 0;
  const numbers: number[] = [];
  const timed = await timeCalls({ seconds: 0.05, atOnce: 4 }, async (n) => {
    numbers.push(n);
    open += 1;
    most = Math.max(most, open);
    await new Promise((resolve) => setTimeout(resolve, 1));
    open -= 1;
  });
  expect(most).toBe(4);
  expect(new Set(numbers).size).toBe(timed.calls);
  expect(timed.p99).toBeGreaterThanOrEqual(timed.p50 ?? Number.NaN);
});

const RESULTS: Results = {
  at: "2026-11-21T09:00:00.000Z",
  quick: false,
  machine: {
    node: "20.20.2",
    bullmq: "6.7.0",
    redis: "7.0.15",
    system: "linux 6.1",
    processor: "a processor",
    processors: 2,
    memoryGb: 24,
  },
  results: {
    throughput: {
      samples: [1, 2, 3].flatMap((round) => [
        { part: "", side: CRONDUIT, round, figures: { perSecond: 5_000 * round, workerCpu: null } },
        { part: "", side: BARE, round, figures: { perSecond: 4_000 * round, workerCpu: null } },
      ]),
      seconds: 61,
      loads: [
        [0.1, 0.2, 0.3],
        [2, 1.5, 1],
      ],
    },
    triggers: {
      samples: [{ part: "* * * * *", side: CRONDUIT, round: 1, figures: { nsPerNext: 900 } }],
      seconds: 2,
      loads: [[0], [0]],
    },
  },
};

test("the page tells what was measured, where, and what was not", async () => {
  const page = await renderReport(resultsSchema.parse(JSON.parse(JSON.stringify(RESULTS))));
  expect(page).toMatch(
    /\| runs\/s +\| 10,000 \(5,000-15,000\) +\| 8,000 \(4,000-12,000\) +\| 1\.25 +\|/,
  );
  expect(page).toContain("21 November 2026; 2 processors (a processor), 24 GB, linux 6.1");
  expect(page).toContain("Node 20.20.2, Redis 7.0.15, BullMQ 6.7.0.");
  expect(page).toContain("3 rounds in 61 s.");
  expect(page).toContain("0.1, 0.2, 0.3 before and 2, 1.5, 1 after");
  expect(page).not.toContain("It was busy");
  expect(page).not.toContain("Played with");
  expect(page).toContain("| \\* \\* \\* \\* \\* |");
  expect(page).not.toContain("worker CPU, µs a run");
  expect(page.split("It was not part of this run.")).toHaveLength(BENCHES.length - 2 + 1);
  expect(page).toContain("## What is not measured");
  expect(page).not.toContain("--quick`)");
  expect(await renderReport({ ...RESULTS, quick: true })).toContain("Only tried (`--quick`)");
});

test("the page tells of a machine that was busy, and of what was chosen", async () => {
  const { throughput } = RESULTS.results;
  if (!throughput) throw new Error("nothing was stored");
  const loads = [[9, 8, 7], [1]];
  const results = { throughput: { ...throughput, loads } };
  const page = await renderReport({ ...RESULTS, rounds: 2, seconds: 6, results });
  expect(page).toContain("It was busy with other work");
  expect(page).toContain("Played with `--rounds 2 --seconds 6`.");
});

test("a file that is something else is refused", () => {
  expect(resultsSchema.safeParse({ rows: [] }).success).toBe(false);
  const other = { ...RESULTS, results: { nothing: RESULTS.results.throughput } };
  expect(resultsSchema.safeParse(other).success).toBe(false);
});
