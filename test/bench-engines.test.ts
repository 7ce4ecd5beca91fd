import { expect, test } from "vitest";
import { z } from "zod";
import { runProgram } from "./helpers/run-program.ts";

const row = z.object({
  engine: z.string(),
  side: z.string(),
  // A machine that is too busy can't tell this one.
  burstPerSecond: z.number().positive().nullable(),
  onePerSecond: z.number().positive(),
  lateP50: z.number().positive(),
  lateP99: z.number().positive(),
});
const result = z.object({ engines: z.object({ rows: z.array(row) }) });

test("the bench of the engines measures both sides on each engine", async () => {
  const { code, output } = await runProgram("test/bench/main.ts", {
    args: ["engines", "--quick", "--json"],
    limitMs: 230_000,
  });
  expect(code).toBe(0);
  const { rows } = result.parse(JSON.parse(output.slice(output.indexOf("{")))).engines;
  expect(rows.map(({ engine, side }) => `${engine} ${side}`)).toEqual(
    ["redis", "postgres", "embedded-memory", "embedded-folder"].flatMap((engine) => [
      `${engine} cronduit`,
      `${engine} bullmq`,
    ]),
  );
}, 240_000);
