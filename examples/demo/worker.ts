// A worker process of the demo on a server; there are two.
import { PipelineWorker } from "cronduit";
import { pipelines } from "./pipelines.ts";
import { clearStage, type Stage } from "./stage.ts";
import { TUNING } from "./story.ts";

const stage = JSON.parse(process.argv[2] ?? "{}") as Stage;
const worker = new PipelineWorker({
  connection: stage.connection,
  prefix: stage.prefix,
  pipelines,
  ...TUNING,
  drain: "2s",
});

// The demo was killed, so nobody else cleans up.
process.once("disconnect", () => {
  void worker
    .stop()
    .then(() => clearStage(stage))
    .finally(() => process.exit(1));
});

await worker.start();
process.send?.(worker.id);
