// A file that isn't a complete exported state is refused with line and field, and nothing of it is stored.
import { TESTER } from "../helpers/tester.ts";
import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/port/engine.ts";
import { importOptionsSchema, importState } from "../../src/scheduler/transfer/import-state.ts";
import { MAX_LINE_CHARS, readLines } from "../../src/scheduler/transfer/state-lines.ts";
import { openEngine } from "./engines.ts";
import { imported } from "./moved-state.ts";
import { type Content, plainJob, queuedRun, stateText } from "./state-text.ts";

const FROM = Date.UTC(2026, 2, 1, 12);
const job = plainJob("a", FROM);
const row = {
  kind: "ledger",
  jobId: "a",
  row: { id: `a:1:${FROM}`, state: "succeeded", kind: "scheduled", fireAt: FROM, dueAt: FROM },
} as const;
const request = { kind: "request", jobId: "a", runId: `a:m1:${FROM}`, fireAt: FROM } as const;
const gone: Content = { kind: "removed-job", jobId: "b", keepUntil: null, runs: [] };
const document = { kind: "document", key: "d", value: 1 } as const;
const good = stateText([job, request, row, gone]);

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine("redis", `file-${randomUUID()}`);
});
afterAll(() => engine.close());

/** A state whose records are these, whatever their types say. */
const state = (...records: readonly unknown[]): string => stateText(records as readonly Content[]);
const edited = (line: number, edit: (text: string) => string): string =>
  good
    .split("\n")
    .map((text, i) => (i + 1 === line ? edit(text) : text))
    .join("\n");
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
const run = {
  queueJobId: `a:1:${FROM}`,
  id: `a:1:${FROM}`,
  kind: "scheduled",
  pipeline: "Report",
  fireAt: FROM,
  dueAt: FROM,
  fromAt: FROM,
  count: 1,
  startedAt: FROM,
  attemptAt: FROM,
  start: 1,
  attempt: 1,
  failures: 0,
  crashes: 0,
  isHandedBack: true,
  worker: "w",
};
const withDefinition = (more: object): unknown => ({
  ...job,
  definition: { ...job.definition, ...more },
});
const withParams = (json: string): string =>
  edited(2, (text) => text.replace('"params":null', `"params":${json}`));

const hostile: readonly [
  string,
  string,
  { line?: number; path?: string; [more: string]: unknown },
][] = [
  ["nothing", "", {}],
  ["empty lines", "\n\n\r\n", {}],
  ["some other text", "id,name\n1,2\n", { line: 1 }],
  ["some other JSON", '{"jobs":[]}\n', { line: 1 }],
  [
    "a newer version",
    good.replace('"version":1', '"version":2'),
    { line: 1, path: "version", version: 2, known: 1 },
  ],
  ["no version", good.replace('"version":1,', ""), { line: 1, path: "version" }],
  ["a header with more", good.replace('"version":1', '"version":1,"x":1'), { line: 1, path: "x" }],
  ["a header alone", `${good.split("\n")[0]}\n`, {}],
  ["no end", good.split("\n").slice(0, -2).join("\n"), {}],
  ["a line that is cut off", good.slice(0, good.length - 20), { line: 6 }],
  [
    "lines that are missing in the middle",
    good.split("\n").toSpliced(3, 1).join("\n"),
    { line: 5, path: "counts.ledger" },
  ],
  ["lines behind the end", `${good}${JSON.stringify(job)}\n`, { line: 7 }],
  [
    "two headers",
    good
      .split("\n")
      .toSpliced(1, 0, good.split("\n")[0] ?? "")
      .join("\n"),
    { line: 2, path: "kind" },
  ],
  ["broken JSON", edited(3, (text) => text.slice(1)), { line: 3 }],
  ["a list", edited(3, (text) => `[${text}]`), { line: 3 }],
  [
    "an unknown kind",
    edited(3, (text) => text.replace('"request"', '"wish"')),
    { line: 3, path: "kind" },
  ],
  ["one job twice", state(job, job), { line: 3 }],
  ["a job that is also removed", state(job, { ...gone, jobId: "a" }), { line: 3 }],
  ["a ledger before its job", state(row, job), { line: 2, path: "jobId" }],
  ["a ledger behind another job", state(job, plainJob("c", FROM), row), { line: 4, path: "jobId" }],
  [
    "a request of a removed job",
    state(gone, { ...request, jobId: "b", runId: `b:m1:${FROM}` }),
    { line: 3, path: "jobId" },
  ],
  [
    "a run id of another job",
    state(job, { ...row, row: { ...row.row, id: `c:1:${FROM}` } }),
    { line: 3, path: "row.id" },
  ],
  [
    "a run id of another time",
    state(job, { ...row, row: { ...row.row, id: "a:1:5" } }),
    { line: 3, path: "row.id" },
  ],
  [
    "a request that is none",
    state(job, { ...request, runId: `a:1:${FROM}` }),
    { line: 3, path: "runId" },
  ],
  [
    "a run of another job",
    state({ ...job, runs: [{ ...run, queueJobId: "c:1:1" }] }),
    { line: 2, path: "runs.0.queueJobId" },
  ],
  [
    "a run of a kind that its queue job is not",
    state({ ...job, runs: [{ ...run, kind: "backfill" }] }),
    { line: 2, path: "runs.0.kind" },
  ],
  [
    "a queued run of another job",
    state({ ...job, queued: [queuedRun(`c:1:${FROM}`, FROM)] }),
    { line: 2, path: "queued.0.id" },
  ],
  ["a document twice", state(job, document, document), { line: 4 }],
  ["a ledger behind a document", state(job, document, row), { line: 4, path: "jobId" }],
  [
    "a document without a value",
    state({ ...document, value: undefined }),
    { line: 2, path: "value" },
  ],
  [
    "a document that is too large",
    state({ ...document, value: "x".repeat(65_535) }),
    { line: 2, path: "value" },
  ],
  ["a key that can't be one", state({ ...document, key: "a\u0000" }), { line: 2, path: "key" }],
  ["no key", state({ ...document, key: "" }), { line: 2, path: "key" }],
  ["one job on two queues", state(job, withDefinition({ queue: "side" })), { line: 3 }],
  ["an unknown field", state({ ...job, more: 1 }), { line: 2, path: "more" }],
  [
    "a job without params",
    state(withDefinition({ params: undefined })),
    { line: 2, path: "definition.params" },
  ],
  [
    "an unknown rule",
    state(withDefinition({ policy: { ...job.definition.policy, x: 1 } })),
    { line: 2, path: "definition.policy.x" },
  ],
  [
    "a rule out of range",
    state(withDefinition({ policy: { ...job.definition.policy, maxInstances: 0 } })),
    { line: 2, path: "definition.policy.maxInstances" },
  ],
  [
    "an id that is no job's",
    state(withDefinition({ id: "__proto__" })),
    { line: 2, path: "definition.id" },
  ],
  [
    "an unknown zone",
    state(
      withDefinition({
        trigger: {
          kind: "cron",
          timezone: "Moon",
          dayMatch: "all",
          dst: "once",
          fields: Object.fromEntries(
            "year month day week dayOfWeek hour minute second"
              .split(" ")
              .map((name) => [name, "*"]),
          ),
        },
      }),
    ),
    { line: 2 },
  ],
  [
    "a trigger that can't be read",
    state(withDefinition({ trigger: { kind: "rrule", timezone: "UTC", rule: "no" } })),
    { line: 2 },
  ],
  [
    "a calendar that is missing",
    state(
      withDefinition({
        trigger: {
          kind: "calendars",
          trigger: job.definition.trigger,
          calendars: ["x"],
          shift: "skip",
        },
      }),
    ),
    { line: 2 },
  ],
  ["a time that no date holds", state({ ...job, watermark: 1e17 }), { line: 2, path: "watermark" }],
  [
    "a count beyond all bounds",
    state({ ...job, failuresInARow: 2 ** 31 }),
    { line: 2, path: "failuresInARow" },
  ],
  ["params nested beyond all bounds", withParams(nested(100_000)), { line: 2 }],
  [
    "a trigger nested beyond all bounds",
    edited(2, (text) =>
      text.replace(
        /"trigger":\{.*?\}/,
        `"trigger":${'{"kind":"or","triggers":['.repeat(2_400)}{}${"]}".repeat(2_400)}`,
      ),
    ),
    { line: 2 },
  ],
  ["a line without an end", `${good.split("\n")[0]}\n"${"x".repeat(MAX_LINE_CHARS)}`, { line: 2 }],
];

describe("refused, and nothing is stored", () => {
  test.each(hostile)("%s", async (_, text, data) => {
    await expect(imported(engine, text)).rejects.toMatchObject({
      code: "INVALID_STATE_FILE",
      data,
    });
    expect(await engine.jobs.count()).toBe(0);
    expect((await engine.transfer.exportJobs("gone 0", 10)).jobs).toEqual([]);
  });

  test.each([
    [
      "bytes that are no text",
      async function* () {
        yield Buffer.from(good.slice(0, 500));
        yield Uint8Array.of(0xc3, 0x28);
      },
      { code: "INVALID_STATE_FILE" },
    ],
    [
      "pieces that are no bytes",
      async function* () {
        yield 7 as unknown as string;
      },
      { code: "INVALID_STATE_FILE" },
    ],
    [
      "a stream that breaks",
      async function* () {
        yield good.slice(0, 500);
        throw new Error("disk");
      },
      { message: "disk" },
    ],
  ])("%s", async (_, source, problem) => {
    const options = importOptionsSchema.parse({});
    await expect(importState({ engine, by: TESTER }, source(), options)).rejects.toMatchObject(
      problem,
    );
    expect(await engine.jobs.count()).toBe(0);
  });

  test("any state that is cut off at any place", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: good.length - 2 }), async (length) => {
        const options = importOptionsSchema.parse({});
        const refused = { code: "INVALID_STATE_FILE" };
        await expect(
          importState({ engine, by: TESTER }, good.slice(0, length), options),
        ).rejects.toMatchObject(refused);
      }),
    );
    expect(await engine.jobs.count()).toBe(0);
  });
});

test("a message says where and what, in words of ours", async () => {
  const text = state(withDefinition({ policy: { ...job.definition.policy, maxInstances: 0 } }));
  await expect(imported(engine, text)).rejects.toThrow(
    /^importState, line 2, field "definition.policy.maxInstances": 0 is not allowed\. Allowed: a whole number .*\.$/,
  );
});

test("params as deep as they may be are kept, and text that only looks deep", async () => {
  const params = JSON.parse(nested(64)) as unknown;
  const text = state(
    plainJob("deep", FROM, { params }),
    plainJob("flat", FROM, { params: "[{".repeat(9_000) }),
  );
  await imported(engine, text);
  const [deep, flat] = await engine.jobs.get(["deep", "flat"]);
  expect(JSON.stringify(deep?.definition.params)).toBe(nested(64));
  expect(flat?.definition.params).toHaveLength(18_000);
});

test("a stream in pieces of any size, with a byte order mark and line ends of Windows, and no trace of it left", async () => {
  const text = state(plainJob("stream", FROM, { params: "äß漢🚲" })).replaceAll("\n", "\r\n");
  const bytes = Buffer.from(`\uFEFF${text}`);
  const before = new Set(readdirSync(tmpdir()));
  for (const size of [1, 2, 3, 1_000, 1e6]) {
    const target = await openEngine("redis", `stream-${randomUUID()}`);
    const source = async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    await importState({ engine: target, by: TESTER }, source(), importOptionsSchema.parse({}));
    const [stored] = await target.jobs.get(["stream"]);
    expect(stored?.definition.params).toBe("äß漢🚲");
    await target.close();
  }
  const after = readdirSync(tmpdir()).filter((name) => name.startsWith("cronduit-import-"));
  expect(after.filter((name) => !before.has(name))).toEqual([]);
});

test("lines are numbered as an editor does, empty ones too", async () => {
  const found: string[] = [];
  for await (const { number, text } of readLines("\uFEFFa\n\r\n\nb\r\nc"))
    found.push(`${number}${text}`);
  expect(found).toEqual(["1a", "4b", "5c"]);
});
