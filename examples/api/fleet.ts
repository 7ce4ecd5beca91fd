// What the examples of this folder serve, and who calls: a program with an API token.
import { createApi } from "cronduit/api";
import { createClient } from "cronduit/client";
import { Pipeline, PipelineScheduler } from "cronduit";

class Report extends Pipeline {
  run() {
    return { rows: 3 };
  }
}

export const scheduler = new PipelineScheduler({ pipelines: [Report] });
await scheduler.start();
await scheduler.addJob(Report, {
  id: "billing/report",
  owner: "billing",
  trigger: "cron",
  hour: 3,
});

export const api = createApi({ scheduler, auth: {} });

/** Makes the first administrator and a token of hers: what a person at this machine does once. */
async function makeToken(): Promise<string> {
  const local = createClient({
    url: "http://localhost/api",
    fetch: api.as({ kind: "cli", id: "setup" }).fetch,
  });
  const setup = await api.setupToken();
  const body = { token: setup?.token ?? "", user: "ana", password: "violet-harbour-19-otters" };
  await local.setUp({ body });
  const made = await local.createToken({
    body: { user: "ana", name: "ci", role: "editor", owners: ["billing"] },
  });
  return made.secret;
}

/** Calls the API at a URL, as any program would. */
export async function call(url: string): Promise<void> {
  const client = createClient({ url, token: await makeToken() });
  const { id, schedule } = await client.getJob({ path: { jobId: "billing/report" } });
  console.log(`${id}: ${schedule}`);
}
