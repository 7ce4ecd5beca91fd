import { parseArgs } from "node:util";
import { z } from "zod";
import { BENCHES, type BenchName } from "./catalogue.ts";

const optionsSchema = z.strictObject({
  /** One small round of everything: to see that it works. */
  quick: z.boolean().default(false),
  /** Also what takes very long and much memory. */
  huge: z.boolean().default(false),
  json: z.boolean().default(false),
  out: z.string().min(1).optional(),
  rounds: z.coerce.number().int().min(1).max(100).optional(),
  /** How long a part of a round lasts, where a bench lets one choose. */
  seconds: z.coerce.number().min(1).max(600).optional(),
  /** How many jobs are stored, where a bench lets one choose. */
  jobs: z.coerce.number().int().min(100).max(1_000_000).optional(),
  /** How many rows the ledger has, where a bench lets one choose. */
  rows: z.coerce.number().int().min(1_000).max(10_000_000).optional(),
  /** Only this side, e.g. `cronduit`. */
  side: z.string().min(1).optional(),
  /** A folder for profiles of the measured processes. */
  profile: z.string().min(1).optional(),
});

/** What was asked for on the command line. */
export interface Asked extends z.output<typeof optionsSchema> {
  readonly names: readonly BenchName[];
  /** The file to make the page from, instead of measuring. */
  readonly report: string | undefined;
}

/**
 * Reads the command line. `--json` prints JSON; `--json file.json` writes it into a file. Without a name, all benches are meant.
 * @throws if it can't be understood.
 */
export function readOptions(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: args.map((arg, i) =>
      arg === "--json" && args[i + 1]?.endsWith(".json") ? "--out" : arg,
    ),
    allowPositionals: true,
    options: {
      quick: { type: "boolean" },
      huge: { type: "boolean" },
      json: { type: "boolean" },
      out: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      jobs: { type: "string" },
      rows: { type: "string" },
      side: { type: "string" },
      profile: { type: "string" },
    },
  });
  const parsed = optionsSchema.safeParse(values);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`--${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not valid"}`);
  }
  if (positionals[0] === "report")
    return { ...parsed.data, names: [], report: fileOf(positionals) };
  return { ...parsed.data, names: namesOf(positionals), report: undefined };
}

function fileOf([, file, ...more]: readonly string[]): string {
  if (file === undefined || more.length > 0) {
    throw new Error("report: name the one file that `--json` wrote, e.g. report out.json");
  }
  return file;
}

function namesOf(given: readonly string[]): BenchName[] {
  const unknown = given.find((name) => name !== "all" && !isBench(name));
  if (unknown !== undefined) {
    throw new Error(`There is no bench "${unknown}". Known are all, ${BENCHES.join(", ")}.`);
  }
  const named = BENCHES.filter((name) => given.includes(name));
  return named.length === 0 || given.includes("all") ? [...BENCHES] : named;
}

function isBench(name: string): boolean {
  return BENCHES.some((known) => known === name);
}
