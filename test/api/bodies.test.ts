// A body that is not there, as servers hand it on: an empty stream without any header, since curl sends none.
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApi } from "../../src/api/create-api.ts";
import { silentLogger } from "../../src/core/log.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";

const Report = defineJob({ name: "report", run: async () => undefined });
const scheduler = new PipelineScheduler({ pipelines: [Report], logger: silentLogger });
const api = createApi({ scheduler }).as({ kind: "cli", id: "ana" });

beforeAll(async () => {
  await scheduler.addJob(Report, { id: "nightly", trigger: "cron", hour: 3 });
});
afterAll(() => scheduler.shutdown());

/** Sends a body as a stream. */
async function send(path: string, text: string, headers: Record<string, string> = {}) {
  const body = new Blob([text]).stream();
  const request = { method: "POST", body, duplex: "half", headers } as RequestInit;
  const answer = await api.fetch(new Request(`http://127.0.0.1/api${path}`, request));
  return { status: answer.status, text: await answer.text() };
}

test.each(["pause", "resume", "run"])("POST …/%s needs no body", async (what) => {
  const { status, text } = await send(`/jobs/nightly/${what}`, "");
  expect({ status, text }).toMatchObject({
    status: expect.toSatisfy((code: number) => code < 300) as number,
  });
});

test("nor does it with a header that announces JSON", async () => {
  const headers = { "content-type": "application/json" };
  const { status, text } = await send("/jobs/nightly/run", "", headers);
  expect({ status, text }).toMatchObject({ status: 202 });
});

test("a body of another type is refused, also where none is needed", async () => {
  for (const headers of [{ "content-type": "text/plain" }, {}] as const)
    expect((await send("/jobs/nightly/run", "{}", headers)).text).toContain(
      "The body must be JSON, with the header",
    );
});

test("where one is needed, its header is asked for", async () => {
  const { status, text } = await send("/jobs", "");
  expect(status).toBe(400);
  expect(text).toContain("the header is missing");
});
