import { setTimeout as wait } from "node:timers/promises";
import type { SideProcess } from "../sides/side-process.ts";
import type { Figure } from "./bench.ts";
import type { MeasuredRedis } from "./redis-reading.ts";

/** What {@link measureWindow} measures; a bench shows those that it names. */
export const WINDOW_FIGURES = {
  perSecond: { label: "runs/s", better: "more" },
  workerCpu: { label: "worker CPU, µs a run", better: "less" },
  serverCpu: { label: "server CPU, µs a run", better: "less" },
  commands: { label: "server commands a run, in scripts too", better: "less" },
  scripts: { label: "script calls a run", better: "less" },
  reads: { label: "socket reads of the server a run", better: "less" },
  lateP50: { label: "late by, p50, ms", better: "less" },
  lateP99: { label: "late by, p99, ms", better: "less" },
  lateMost: { label: "late by, most, ms", better: "less" },
  workerCpuPerSecond: { label: "worker CPU, ms a second", better: "less" },
  serverCpuPerSecond: { label: "server CPU, ms a second", better: "less" },
  commandsPerSecond: { label: "server commands a second", better: "less" },
} as const satisfies Record<string, Figure>;

/**
 * What processes do together within some time, and what it costs. Figures for each run are `null` if there was none.
 * Lateness is that of the process where it was worst.
 */
export async function measureWindow(
  redis: MeasuredRedis,
  processes: readonly SideProcess[],
  seconds: number,
): Promise<Record<keyof typeof WINDOW_FIGURES, number | null>> {
  const before = await redis.read();
  await Promise.all(processes.map((each) => each.call("begin", { dueFrom: 0 })));
  const from = performance.now();
  await wait(seconds * 1_000);
  const counted = await Promise.all(processes.map((each) => each.call("end")));
  const elapsedS = (performance.now() - from) / 1_000;
  const after = await redis.read();
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const worst = (values: readonly (number | null)[]): number | null => {
    const told = values.filter((value) => value !== null);
    return told.length === 0 ? null : Math.max(...told);
  };
  const runs = sum(counted.map((each) => each.runs));
  const perRun = (value: number): number | null => (runs === 0 ? null : value / runs);
  const workerCpuUs = sum(counted.map(({ cpuUs }) => cpuUs));
  const serverCpuUs = after.cpuUs - before.cpuUs;
  const commands = after.commands - before.commands;
  return {
    perSecond: runs / elapsedS,
    workerCpu: perRun(workerCpuUs),
    serverCpu: perRun(serverCpuUs),
    commands: perRun(commands),
    scripts: perRun(after.scripts - before.scripts),
    reads: perRun(after.reads - before.reads),
    lateP50: worst(counted.map(({ lateP50 }) => lateP50)),
    lateP99: worst(counted.map(({ lateP99 }) => lateP99)),
    lateMost: worst(counted.map(({ lateMost }) => lateMost)),
    workerCpuPerSecond: workerCpuUs / 1_000 / elapsedS,
    serverCpuPerSecond: serverCpuUs / 1_000 / elapsedS,
    commandsPerSecond: commands / elapsedS,
  };
}

/** Some of the fields of an object. */
export function pickFigures<T extends string, V>(
  names: readonly T[],
  all: Readonly<Record<T, V>>,
): Record<T, V> {
  return Object.fromEntries(names.map((name) => [name, all[name]])) as Record<T, V>;
}
