// A worker process of the demo on a server; there are two.
import { PipelineWorker } from "cronduit";
import { pipelines } from "./pipelines.ts";
import { removeWorkspace, type Workspace } from "./workspace.ts";
import { TUNING } from "./sequence.ts";

const workspace = JSON.parse(process.argv[2] ?? "{}") as Workspace;
const worker = new PipelineWorker({
  connection: workspace.connection,
  prefix: workspace.prefix,
  pipelines,
  ...TUNING,
  drain: "2s",
});

// The demo was killed, so nobody else cleans up.
process.once("disconnect", () => {
  void worker
    .stop()
    .then(() => removeWorkspace(workspace))
    .finally(() => process.exit(1));
});

await worker.start();
process.send?.(worker.id);
