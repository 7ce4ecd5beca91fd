import { appendFile, readFile } from "node:fs/promises";
import os from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { Pipeline, type RunContext } from "cronduit";
import { z } from "zod";
import { type Figures, readDiskFree, readFigures, readProcessors } from "./machine.ts";

const InFolder = z.object({ folder: z.string() });

interface Sample extends Figures {
  readonly at: number;
}

const samplesIn = (folder: string): string => `${folder}/samples.jsonl`;

/** Appends a line of figures to a file. */
export class SampleMachine extends Pipeline.with(InFolder) {
  async run({ params, fireTime }: this["Context"]) {
    const figures = await readFigures();
    const sample: Sample = { at: fireTime.getTime(), ...figures };
    await appendFile(samplesIn(params.folder), `${JSON.stringify(sample)}\n`);
    return figures;
  }
}

/** Sums up the samples of the five seconds before its fire time. */
export class Aggregate extends Pipeline.with(InFolder) {
  async run({ params, fireTime }: this["Context"]) {
    const text = await readFile(samplesIn(params.folder), "utf8").catch(() => "");
    const to = fireTime.getTime();
    const samples = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Sample)
      .filter(({ at }) => at >= to - 5_000 && at < to);
    const sum = samples.reduce((total, { load }) => total + load, 0);
    return {
      samples: samples.length,
      meanLoad: samples.length === 0 ? null : Number((sum / samples.length).toFixed(2)),
      peakMemoryPercent: Math.max(0, ...samples.map(({ memoryPercent }) => memoryPercent)),
    };
  }
}

/** Measures the disk's free space. */
export class LookAtDisk extends Pipeline.with(InFolder) {
  async run({ params }: this["Context"]) {
    return { freeGb: await readDiskFree(params.folder) };
  }
}

/** Measures for 2.5 seconds, longer than its interval of one second. */
export class MeasureProcessors extends Pipeline {
  async run({ signal }: RunContext) {
    const before = readProcessors();
    await wait(2_500, undefined, { signal });
    const after = readProcessors();
    const share = (after.busyMs - before.busyMs) / (after.totalMs - before.totalMs);
    return { busyPercent: Math.round(share * 100) };
  }
}

/** Fails: there is no such sensor. */
export class ReadSensor extends Pipeline {
  async run() {
    return { celsius: Number(await readFile("/no/such/sensor", "utf8")) / 1_000 };
  }
}

/** Describes the machine, once. */
export class TakeInventory extends Pipeline {
  run() {
    const memoryGb = Math.round(os.totalmem() / 1e9);
    return { platform: os.platform(), processors: os.cpus().length, memoryGb };
  }
}

/** Watches the load for four seconds. Its worker is killed meanwhile. */
export class WatchLoad extends Pipeline {
  async run({ signal, attempt }: RunContext) {
    const loads: number[] = [];
    for (let look = 0; look < 4; look += 1) {
      await wait(1_000, undefined, { signal });
      loads.push((await readFigures()).load);
    }
    return { highest: Math.max(...loads), attempt };
  }
}

export const pipelines = [
  SampleMachine,
  Aggregate,
  LookAtDisk,
  MeasureProcessors,
  ReadSensor,
  TakeInventory,
  WatchLoad,
];
