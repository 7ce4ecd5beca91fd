// One worker process of the demo; main.ts starts two.
import { PipelineWorker } from "cronduit";
import { pipelines } from "./pipelines.ts";
import { clearStage, type Stage } from "./stage.ts";

const stage = JSON.parse(process.argv[2] ?? "{}") as Stage;
const worker = new PipelineWorker({
  connection: stage.url,
  prefix: stage.prefix,
  pipelines,
  // Short, so that a killed worker's run is taken up while you watch.
  lock: "2s",
  stalledCheck: "1s",
  drain: "2s",
});

// The demo was killed: nobody else is left to tidy up.
process.once("disconnect", () => void clearStage(stage).finally(() => process.exit(1)));

await worker.start();
process.send?.(worker.id);
