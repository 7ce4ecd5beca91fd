// A nightly ETL: three pipelines over real files. Each file is a step of its own, so finished work isn't repeated.
import { appendFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Pipeline } from "cronduit";
import { z } from "zod";

const Params = z.object({ folder: z.string() });

interface Order {
  readonly region: string;
  readonly amount: number;
}

/** Records what a step did outside the scheduler, so that the example can count how often each ran. */
async function note(folder: string, step: string): Promise<void> {
  await appendFile(join(folder, "executed.txt"), `${step}\n`);
}

/** Copies the incoming files. The first attempt finds the last one still being written. */
export class Extract extends Pipeline.with(Params) {
  async run({ params: { folder }, step, attempt, log }: this["Context"]) {
    const names = (await readdir(join(folder, "incoming"))).toSorted();
    await mkdir(join(folder, "raw"), { recursive: true });
    for (const name of names) {
      await step(`copy ${name}`, async () => {
        await note(folder, `copy ${name}`);
        if (name === names.at(-1) && attempt === 1)
          throw new Error(`${name} is still being written`);
        await writeFile(join(folder, "raw", name), await readFile(join(folder, "incoming", name)));
      });
    }
    log.info(`${names.length} files came in`);
    return { success: true, files: names.length };
  }
}

/** Sums the orders in each file; slow, to leave time for a kill in the middle. */
export class Transform extends Pipeline.with(Params) {
  async run({ params: { folder }, step, progress, signal }: this["Context"]) {
    const names = (await readdir(join(folder, "raw"))).toSorted();
    await mkdir(join(folder, "sums"), { recursive: true });
    for (const [i, name] of names.entries()) {
      await step(`sum ${name}`, async () => {
        await note(folder, `sum ${name}`);
        await wait(500, undefined, { signal });
        const orders = parse(await readFile(join(folder, "raw", name), "utf8"));
        await writeFile(join(folder, "sums", `${name}.json`), JSON.stringify(sumByRegion(orders)));
      });
      progress((i + 1) / names.length, name);
    }
    return { success: true, files: names.length };
  }
}

/** Writes the report. */
export class Load extends Pipeline.with(Params) {
  async run({ params: { folder }, step }: this["Context"]) {
    const totals = await step("add up", async () => {
      await note(folder, "add up");
      const found: Record<string, number> = {};
      for (const name of await readdir(join(folder, "sums"))) {
        const text = await readFile(join(folder, "sums", name), "utf8");
        for (const [region, amount] of Object.entries(JSON.parse(text) as Record<string, number>))
          found[region] = (found[region] ?? 0) + amount;
      }
      return found;
    });
    await writeFile(join(folder, "report.json"), JSON.stringify(totals));
    return { success: true, totals };
  }
}

function parse(csv: string): Order[] {
  return csv
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [region = "", amount = "0"] = line.split(",");
      return { region, amount: Number(amount) };
    });
}

function sumByRegion(orders: readonly Order[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { region, amount } of orders) sums[region] = (sums[region] ?? 0) + amount;
  return sums;
}
