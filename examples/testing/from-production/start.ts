// A test that starts from what a fleet had at two o'clock: the import was asleep between its steps, and the report waited.
// production.ndjson is what exportState({ mask: ["params", "results", "steps", "errors"] }) gave there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestScheduler } from "cronduit/testing";
import { pipelines } from "./jobs.ts";

void test("the night of 1 March ends well", async () => {
  const state = new URL("production.ndjson", import.meta.url);
  await using t = await createTestScheduler({ pipelines, state });
  assert.equal(t.runs("import").at(-1)?.verdict, "sleeping");
  assert.equal(t.runs("report").at(-1)?.verdict, "queued");

  await t.advanceTo("2027-03-01T06:00Z");
  assert.equal(t.runs("import").at(-1)?.verdict, "succeeded");
  const report = t.runs("report").at(-1);
  assert.equal(report?.startedAt?.toISOString(), "2027-03-01T02:30:00.000Z");
  t.assertAllAccountedFor();
});
