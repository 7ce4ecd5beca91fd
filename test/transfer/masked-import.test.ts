// A fixture never gets into a fleet by mistake: that it is one is told whatever else is wrong with it, and however it is given.
import { Readable } from "node:stream";
import { beforeAll, describe, expect, test } from "vitest";
import { defineJob, PipelineScheduler } from "../../src/index.ts";
import { createTestScheduler } from "../../src/testing.ts";
import { silent } from "../helpers/silent.ts";

const nothing = defineJob({ name: "nothing", run: () => undefined });
const pipelines = [nothing];

/** By their selections. */
const fixtures: Record<"all" | "jobs" | "since" | "secrets", string> = {
  all: "",
  jobs: "",
  since: "",
  secrets: "",
};
beforeAll(async () => {
  await using t = await createTestScheduler({ pipelines, now: "2027-01-01T00:30Z" });
  for (let i = 0; i < 60; i += 1)
    await t.addJob(nothing, { id: `a-job-with-a-long-name-${i}`, trigger: "cron", minute: 0 });
  await t.advanceBy("2h");
  const jobs = (await t.getJobs()).jobs.map(({ id }) => id);
  const options = {
    all: { mask: "all" },
    jobs: { mask: ["params"], jobs },
    since: { mask: ["params"], since: "2027-01-01T01:30Z" },
    secrets: { mask: [] },
  } as const;
  for (const [name, exporting] of Object.entries(options))
    for await (const line of t.exportState(exporting)) fixtures[name as "all"] += line;
});

type Given = (text: string) => unknown;
const FORMS: readonly (readonly [string, Given])[] = [
  ["text", (text) => text],
  ["lines", (text) => text.split("\n")],
  ["lines with their breaks", (text) => text.split(/(?<=\n)/)],
  ["a stream of text", (text) => Readable.from([text])],
  ["a stream of bytes, in pieces", (text) => Readable.from(piecesOf(Buffer.from(text)))],
  ["text with a mark at its beginning", (text) => `\uFEFF${text}`],
];
function* piecesOf(bytes: Buffer): Generator<Buffer, void> {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
}

const DAMAGES: readonly (readonly [string, (text: string) => string])[] = [
  ["whole", (text) => text],
  ["its header alone", (text) => text.slice(0, text.indexOf("\n"))],
  ["cut off in a line", (text) => text.slice(0, text.indexOf("\n") + 100)],
  ["without its last line", (text) => text.slice(0, text.lastIndexOf('{"kind":"end"'))],
  ["with a line that is no JSON", (text) => text.replace("\n", "\noops\n")],
  ["with an edited record", (text) => text.replace('"watermark":', '"waterMark":')],
  [
    "masked in parts of a later version",
    (text) => text.replace('"masked":[', '"masked":["hats",').replace(",]", "]"),
  ],
];

describe.each(FORMS)("as %s", (_, given) => {
  test.each(DAMAGES)("a fixture %s", async (__, damaged) => {
    await using target = new PipelineScheduler({ pipelines, worker: false, logger: silent });
    for (const text of Object.values(fixtures)) {
      expect(text).toContain('"masked":[');
      await expect(target.importState(given(damaged(text)) as string)).rejects.toMatchObject({
        code: "MASKED_STATE",
        message: expect.stringMatching(/^importState: this is a fixture/) as string,
      });
    }
    expect((await target.getJobs()).jobs).toEqual([]);
  });
});

test("lines are a state as their text is", async () => {
  await using target = new PipelineScheduler({ pipelines, worker: false, logger: silent });
  const lines = fixtures.all.trimEnd().split("\n");
  expect(await target.importState(lines, { allowMasked: true })).toMatchObject({ jobs: 60 });
});

test.each([
  ["./production.ndjson", /"\.\/production\.ndjson" looks like a path.*createReadStream/],
  ["/var/backup", /looks like a path/],
  ["C:\\backup\\state.json", /looks like a path/],
  ["file:///var/backup.ndjson", /looks like a path/],
  [new URL("file:///var/backup.ndjson"), /an instance of URL is no state.*createReadStream/],
  [Buffer.from("{}"), /an instance of Buffer is no state/],
  [Promise.resolve("{}"), /a promise \(is an await missing\?\) is no state/],
  [[1, 2], /a list of 2 is no state/],
  ["", /is empty/],
  ["id,name", /line 1: isn't the header/],
])("importState says what %s is not", async (given, told) => {
  await using target = new PipelineScheduler({ pipelines, worker: false, logger: silent });
  await expect(target.importState(given as string)).rejects.toMatchObject({
    code: "INVALID_STATE_FILE",
    message: expect.stringMatching(told) as string,
  });
});
