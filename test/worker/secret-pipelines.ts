import { spawnSync } from "node:child_process";
import { inspect } from "node:util";
import { z } from "zod";
import { Pipeline, type RunContext } from "../../src/index.ts";
import { compiledUrl } from "../helpers/compiled-path.ts";

/** The secret of a job that was given none. */
export const BY_DEFAULT = `by "default" w\\ith & 100%`;

const secret = () => z.string().meta({ secret: true });

export const SecretParams = z.object({
  end: z.enum(["return", "throw", "report", "other"]),
  open: z.int(),
  text: secret(),
  number: z.number().meta({ secret: true }),
  big: z
    .string()
    .transform((text) => BigInt(text))
    .meta({ secret: true }),
  flag: z.boolean().meta({ secret: true }),
  short: secret(),
  list: z.array(secret()),
  either: z.union([z.number().meta({ secret: true }), secret()]),
  byDefault: secret().default(BY_DEFAULT),
  piped: z.string().pipe(secret()),
  record: z.record(z.string(), secret()),
  keys: z.record(secret(), z.int()),
});

/** Texts that an outsider may not read. */
function textsOf(params: z.output<typeof SecretParams>): string[] {
  const { text, list, either, byDefault, piped, record, keys } = params;
  return [
    text,
    ...list,
    `${either}`,
    byDefault,
    piped,
    ...Object.values(record),
    ...Object.keys(keys),
  ];
}

/** A text in the ways in which programs write it. */
export function spelled(text: string): string[] {
  return [
    text,
    JSON.stringify({ text }),
    JSON.stringify({ body: JSON.stringify({ text }) }),
    `/?q=${encodeURIComponent(text)}`,
    new URLSearchParams({ text }).toString(),
    inspect([text]),
    Buffer.from(`user:${text}`).toString("base64"),
  ];
}

/** Says its secrets wherever it can, in every spelling. */
export class Indiscreet extends Pipeline<typeof SecretParams> {
  static override readonly pipelineName = "indiscreet";
  static override readonly params = SecretParams;
  static override readonly module = compiledUrl(import.meta.url);

  async run({ params, log, step, progress, attempt }: RunContext<typeof SecretParams>) {
    const texts = textsOf(params);
    const ways = texts.flatMap(spelled);
    const { number, big, flag, short, list, keys, open } = params;
    const all = {
      params,
      number,
      digits: String(number),
      big,
      flag,
      short,
      ways,
      keys,
      ok: true,
      count: open,
      around: Number(`7${Math.abs(number)}`),
      list,
      boxed: Object(texts[0]),
    };
    for (const way of ways) log.info(`says ${way}`);
    log.warn(`the number ${number}, and ${big}; it is ${open}`, all);
    log.error("an error", { error: new Error(`inner ${texts[0]}`, { cause: new Error(ways[1]) }) });
    log.info("x".repeat(8_180) + texts[0] + "y".repeat(10));
    for (const way of ways) console.log(`prints ${way}`);
    console.error("prints %o %j %d", all, texts, number);
    console.log(`${"z".repeat(8_180)}${texts[0]} and ${"more ".repeat(40)}`);
    const said = spawnSync(process.execPath, [
      "-e",
      "console.log(process.argv[1])",
      ways.join(" "),
    ]);
    console.log(said.stdout.toString());
    for (const [i, way] of ways.slice(0, 12).entries()) {
      progress(0.25, `${"p".repeat(i * 15)}${way}`);
      if (i % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const kept = await step("kept", () => ({ texts, number, open, ok: true }));
    await step(`named ${texts[0]}`, () => open);
    await step("fails", () => {
      throw Object.assign(new TypeError(`${"m".repeat(1_990)}${texts[0]}`), { code: texts[1] });
    }).catch(() => undefined);
    if (JSON.stringify(kept.texts) !== JSON.stringify(texts))
      throw new Error("a step lost what it gave");
    if (attempt === 1) {
      const cause = new Error(`cause ${ways.join(" ")}`, { cause: { texts, number } });
      const error = new Error(`first attempt ${ways.join(" ")}`, { cause });
      throw Object.assign(error, { name: `Name ${texts[0]}`, code: texts[0], number, texts });
    }
    switch (params.end) {
      case "throw":
        throw Object.assign(new Error(`ended ${texts.join(" ")} ${number}`), { code: number });
      case "report":
        return { success: false, error: `reported ${ways.join(" ")}`, ...all };
      case "other":
        throw all;
      case "return":
        return { success: true, ...all, ways: ways.slice(0, 7) };
    }
  }
}
