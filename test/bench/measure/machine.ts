import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

/** Where was measured. */
export interface Machine {
  readonly node: string;
  readonly processor: string;
  readonly processors: number;
  readonly memoryGb: number;
}

export function thisMachine(): Machine {
  return {
    node: process.version,
    processor: cpus()[0]?.model ?? "unknown",
    processors: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
  };
}

/** Over 1, 5 and 15 minutes: above the number of processors, others were busy too. */
export function machineLoad(): number[] {
  return loadavg().map((value) => Math.round(value * 10) / 10);
}
