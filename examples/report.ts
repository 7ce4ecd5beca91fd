import { Pipeline, type RunContext } from "cronduit";
import { z } from "zod";

const Params = z.object({ region: z.string() });

/** Shared by the program that schedules it and those that run it. */
export class Report extends Pipeline<typeof Params> {
  static override readonly params = Params;

  run({ params, fireTime }: RunContext<typeof Params>) {
    return { report: `${params.region} at ${fireTime.toISOString()}` };
  }
}
