// The same pipeline three times: described by its class alone, by the decorator, and by a function.
import { definePipeline, describePipeline, Pipeline, pipeline, PipelineScheduler } from "cronduit";
import { z } from "zod";
import { place } from "./place.ts";

const Params = z.object({ rows: z.int().positive() });

class ByFields extends Pipeline.with(Params) {
  static override readonly pipelineName = "by-fields";
  run({ params }: this["Context"]) {
    return params.rows;
  }
}

@pipeline({ name: "by-decorator" })
class ByDecorator extends Pipeline.with(Params) {
  run({ params }: this["Context"]) {
    return params.rows;
  }
}

class Rows extends Pipeline<typeof Params> {
  run({ params }: this["Context"]) {
    return params.rows;
  }
}
const ByFunction = definePipeline(Rows, { name: "by-function", params: Params });

const pipelines = [ByFields, ByDecorator, ByFunction];
await using scheduler = new PipelineScheduler({ ...place, pipelines });
const seen = new Promise<void>((resolve) => {
  const left = new Set(["by-fields", "by-decorator", "by-function"]);
  scheduler.on("JOB_EXECUTED", ({ jobId, retval }) => {
    console.log(jobId, retval);
    left.delete(jobId);
    if (left.size === 0) resolve();
  });
});
await scheduler.start();
for (const [i, each] of pipelines.entries()) {
  await scheduler.addJob(each, {
    id: describePipeline(each).name,
    params: { rows: i + 1 },
    trigger: "date",
    in: "1 second",
  });
}
await seen;
for (const { name } of pipelines.map((each) => describePipeline(each)))
  await scheduler.removeJob(name);
