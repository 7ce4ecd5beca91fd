import { readFile, statfs } from "node:fs/promises";
import os from "node:os";

/** The machine's load over a minute, and the share of memory in use. */
export interface Figures {
  readonly load: number;
  readonly memoryPercent: number;
}

/** Reads /proc where there is one; elsewhere asks Node. */
export async function readFigures(): Promise<Figures> {
  try {
    const [loadavg, meminfo] = await Promise.all([
      readFile("/proc/loadavg", "utf8"),
      readFile("/proc/meminfo", "utf8"),
    ]);
    const kilobytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(meminfo)?.[1]);
    const used = 1 - kilobytes("MemAvailable") / kilobytes("MemTotal");
    return { load: Number(loadavg.split(" ")[0]), memoryPercent: Math.round(used * 100) };
  } catch {
    const used = 1 - os.freemem() / os.totalmem();
    return { load: os.loadavg()[0] ?? 0, memoryPercent: Math.round(used * 100) };
  }
}

/** Free space on the disk of `folder`, in GB. */
export async function readDiskFree(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return Math.round((bavail * bsize) / 1e8) / 10;
}

/** The processors' busy and total milliseconds since boot. */
export function readProcessors(): { busyMs: number; totalMs: number } {
  let [busyMs, totalMs] = [0, 0];
  for (const { times } of os.cpus()) {
    const all = Object.values(times).reduce((sum, ms) => sum + ms, 0);
    totalMs += all;
    busyMs += all - times.idle;
  }
  return { busyMs, totalMs };
}
