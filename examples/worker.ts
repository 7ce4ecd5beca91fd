// One worker of a fleet; start as many as you like. SIGTERM or Ctrl-C stops it once its runs have finished.
import { PipelineWorker } from "cronduit";
import { Report } from "./report.ts";
import { server } from "./place.ts";

const worker = new PipelineWorker({ ...server, pipelines: [Report], concurrency: 5 });
await worker.start();
console.log(`worker ${worker.id} takes runs`);
