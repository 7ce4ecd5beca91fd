import { parseArgs } from "node:util";
import { z } from "zod";

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
  /** Only this side, e.g. `cronduit`. */
  side: z.string().min(1).optional(),
  /** A folder for profiles of the measured processes. */
  profile: z.string().min(1).optional(),
});

/** What was asked for on the command line. */
export interface Asked extends z.output<typeof optionsSchema> {
  readonly names: string[];
}

/**
 * Reads the command line. `--json` prints JSON; `--json file.json` writes it into a file.
 * @throws if it can't be understood.
 */
export function readOptions(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: args.map((arg, i) =>
      arg === "--json" && args[i + 1]?.endsWith(".json")
        ? "--out"
        : arg.startsWith("--json=")
          ? arg.replace("--json", "--out")
          : arg,
    ),
    allowPositionals: true,
    options: {
      quick: { type: "boolean" },
      huge: { type: "boolean" },
      json: { type: "boolean" },
      out: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      side: { type: "string" },
      profile: { type: "string" },
    },
  });
  const parsed = optionsSchema.safeParse(values);
  if (parsed.success) return { ...parsed.data, names: positionals };
  const [issue] = parsed.error.issues;
  throw new Error(`--${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not valid"}`);
}
