// A type of job of one's own: cronduit start --pipelines examples/pipelines/disk-space.ts --config examples/pipelines/cronduit.toml
import { statfs } from "node:fs/promises";
import { Pipeline } from "cronduit";
import { z } from "zod";

const Params = z.object({
  path: z.string().default("/").describe("A folder of the disk."),
  minFreePercent: z.number().min(0).max(100).default(10).describe("With less, the run fails."),
});

/** Fails when a disk is nearly full. */
export class DiskSpace extends Pipeline.with(Params) {
  static override readonly pipelineName = "disk-space";

  async run({ params, log }: this["Context"]) {
    const { bavail, blocks } = await statfs(params.path);
    const freePercent = Math.round((bavail / blocks) * 100);
    log.info(`${freePercent} % of ${params.path} are free`);
    if (freePercent < params.minFreePercent)
      return { success: false, error: `only ${freePercent} % of ${params.path} are free` };
    return { freePercent };
  }
}
