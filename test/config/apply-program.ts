// Says what is in force on a connection, then applies a folder of job files, and says what became of it. Its parent may kill it.
import { JobFiles } from "../../src/config.ts";
import { listSources } from "../../src/config/file-sources.ts";
import { PipelineScheduler } from "../../src/index.ts";
import { partsOf } from "../../src/scheduler/pipeline-scheduler.ts";
import { createTasks } from "../../src/tasks.ts";
import { silent } from "../helpers/silent.ts";

const [connection = "", prefix = "", folder = ""] = process.argv.slice(2);
const scheduler = new PipelineScheduler({
  connection,
  prefix,
  worker: false,
  logger: silent,
  pipelines: Object.values(createTasks()),
});
const engine = openable(partsOf(scheduler)?.engine);
await engine.open();

function openable<T>(found: T | undefined): T {
  if (found === undefined) throw new Error("a scheduler without parts");
  return found;
}

/** The set in force, and each stored job with the version that its description tells. */
async function look() {
  const [source] = await listSources(engine);
  const jobs: Record<string, string> = {};
  let cursor: string | undefined;
  do {
    const page = await scheduler.getJobs({ limit: 500, ...(cursor ? { cursor } : {}) });
    for (const { id, description } of page.jobs) jobs[id] = description ?? "";
    ({ cursor } = page);
  } while (cursor !== undefined);
  return { accepted: source?.accepted ?? null, jobs };
}

process.send?.({ kind: "found", ...(await look()) });
const files = new JobFiles({ scheduler, jobsDirs: [folder] });
process.send?.({ kind: "begin" });
const began = performance.now();
const { kind: outcome } = await files.start();
process.send?.({ kind: "done", outcome, tookMs: performance.now() - began, ...(await look()) });
await files.close();
await scheduler.shutdown();
process.disconnect?.();
