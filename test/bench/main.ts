import { readdirSync } from "node:fs";
import process from "node:process";
import { z } from "zod";

/** A file `<name>.bench.ts` in this folder exports `run`, which measures and gives its result. */
const suiteSchema = z.object({
  run: z.custom<(options: { quick: boolean }) => unknown>((value) => typeof value === "function"),
  print: z.custom<(result: unknown) => string>((value) => typeof value === "function"),
});

async function main(args: readonly string[]): Promise<number> {
  const names = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith(".bench.ts"))
    .map((file) => file.slice(0, -".bench.ts".length));
  const wanted = args.filter((arg) => !arg.startsWith("--"));
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no bench "${unknown}". Known are ${names.join(", ")}.\n`);
    return 2;
  }
  const results: Record<string, unknown> = {};
  for (const name of wanted.length > 0 ? wanted : names) {
    const suite = suiteSchema.parse(await import(`./${name}.bench.ts`));
    results[name] = await suite.run({ quick: args.includes("--quick") });
    if (!args.includes("--json")) process.stdout.write(`${suite.print(results[name])}\n`);
  }
  if (args.includes("--json")) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
