import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { z } from "zod";

export const machineSchema = z.strictObject({
  node: z.string(),
  bullmq: z.string(),
  redis: z.string(),
  system: z.string(),
  processor: z.string(),
  processors: z.number(),
  memoryGb: z.number(),
});
/** Where was measured, and with what. */
export type Machine = z.output<typeof machineSchema>;

export function thisMachine(): Machine {
  return {
    node: process.version.slice(1),
    bullmq: versionOf("bullmq"),
    redis: redisVersion(),
    system: `${platform()} ${release().split(".", 2).join(".")}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    processors: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
  };
}

function versionOf(name: string): string {
  const file = new URL(`../../../node_modules/${name}/package.json`, import.meta.url);
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).version;
}

function redisVersion(): string {
  for (const name of ["redis-server", "valkey-server"]) {
    const { stdout } = spawnSync(name, ["--version"], { encoding: "utf8", timeout: 10_000 });
    const version = /v=(\S+)/.exec(stdout)?.[1];
    if (version !== undefined) return version;
  }
  return "unknown";
}

/** Over 1, 5 and 15 minutes: above the number of processors, others were busy too. */
export function machineLoad(): number[] {
  return loadavg().map((value) => Math.round(value * 10) / 10);
}
