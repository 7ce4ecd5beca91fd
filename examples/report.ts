import { Pipeline } from "cronduit";
import { z } from "zod";

const Params = z.object({ region: z.string() });

/** Shared by the program that schedules it and those that execute it. */
export class Report extends Pipeline.with(Params) {
  run({ params, fireTime }: this["Context"]) {
    return { report: `${params.region} at ${fireTime.toISOString()}` };
  }
}
