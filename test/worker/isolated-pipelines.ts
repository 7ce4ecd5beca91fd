import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { defineJob, Pipeline, PipelineWorker, type RunContext } from "../../src/index.ts";
import { compiledUrl } from "../helpers/compiled-path.ts";

const Params = z.object({
  act: z.string(),
  /** The file for its record. */
  file: z.string(),
  at: z.coerce.date().optional(),
});

function never(): Promise<never> {
  setInterval(() => undefined, 1_000);
  return new Promise(() => undefined);
}

/** Does what its params say, in a child process. */
export class Isolated extends Pipeline.with(Params) {
  static override readonly module = compiledUrl(import.meta.url);
  static override retryOn(error: unknown): boolean {
    return !(error instanceof RangeError);
  }

  async run(context: this["Context"]): Promise<unknown> {
    const { params, signal, step, sleep, log, progress, attempt, interval, previous } = context;
    const note = (what: string): void => appendFileSync(params.file, `${what} ${process.pid}\n`);
    note(`begin ${attempt}`);
    switch (params.act) {
      case "tell":
        log.info("by the log", { attempt, fn: () => 1 });
        console.log("to standard output");
        process.stderr.write("to standard error, without an end");
        return {
          pid: process.pid,
          params: params.at?.toISOString(),
          fireTime: context.fireTime.toISOString(),
          interval: [interval.start.getTime() <= interval.end.getTime()],
          previous: previous?.verdict,
        };
      case "steps":
        await step("one", () => note("one"));
        progress(0.5, "half");
        await step("two", async () => {
          await delay(10);
          note("two");
        });
        if (attempt === 1) throw new Error("first");
        return step("three", () => "three");
      case "sleep":
        await step("before", () => note("before"));
        await sleep("2s");
        return step("after", () => "slept");
      case "final":
        throw new RangeError("of no use");
      case "uncaught":
        setTimeout(() => {
          throw new TypeError("from a timer");
        }, 1);
        return never();
      case "uncaught-final":
        setTimeout(() => {
          throw new RangeError("of no use, from a timer");
        }, 1);
        return never();
      case "unhandled-final":
        void Promise.reject(new RangeError("of no use, from a promise"));
        return never();
      case "many-steps":
        await Promise.all(Array.from({ length: 30 }, (_, i) => step(`s${i}`, () => delay(20))));
        return "no warning";
      case "exit":
        process.exit(7);
        break;
      case "block":
        for (;;) if (params.file === "") return undefined;
      // eslint-disable-next-line no-fallthrough -- it never gets here
      case "children": {
        const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
          stdio: "ignore",
        });
        appendFileSync(params.file, `grandchild ${child.pid}\n`);
        return never();
      }
      case "wait":
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        note(`stopped: ${(signal.reason as { code: string }).code}`);
        throw signal.reason;
      case "worker":
        return new PipelineWorker({ connection: "redis://127.0.0.1:1", pipelines: [] }).start();
      case "messages":
        process.send?.({ cronduit: "end", nonsense: true });
        process.send?.("anything");
        return "unharmed";
    }
    throw new Error(`unknown act ${params.act}`);
  }
}

/** A schema's output type of an amount. */
export class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
  show(): string {
    return `${this.cents / 100} EUR`;
  }
}

export const Amount = z.object({ amount: z.number().transform((cents) => new Money(cents)) });

/** Has its schema with it. */
export const pay = defineJob({
  name: "pay",
  params: Amount,
  module: compiledUrl(import.meta.url),
  export: "showAmount",
});

export function showAmount({ params }: RunContext<typeof Amount>): string {
  return params.amount.show();
}

/** Its schema stands with the one who registered it. */
export class Bare extends Pipeline {
  static override readonly module = compiledUrl(import.meta.url);
  run({ params }: RunContext): unknown {
    return params;
  }
}

/** A job's work as a function. */
export async function work({ params, step }: RunContext<typeof Params>): Promise<unknown> {
  return step("work", () => ({ pid: process.pid, isDate: params.at instanceof Date }));
}
