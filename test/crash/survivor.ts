import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { Pipeline, type RunContext } from "../../src/index.ts";

const Params = z.object({ act: z.string(), file: z.string() });

/** One line for each thing that a run did: what the system under test has no hand in. */
export interface Note {
  readonly what: string;
  readonly pid: number;
}

export function readNotes(file: string): Note[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Note);
}

export function note(file: string, what: string): void {
  appendFileSync(file, `${JSON.stringify({ what, pid: process.pid })}\n`);
}

function has(file: string, what: string): boolean {
  return readNotes(file).some((line) => line.what === what);
}

/** Nothing of this thread runs meanwhile: no timer, no lock renewal. */
function block(file: string, until: string): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let i = 0; i < 1_200 && !has(file, until); i += 1) Atomics.wait(cell, 0, 0, 50);
}

async function hold(file: string, until: string): Promise<void> {
  while (!has(file, until)) await delay(25);
}

/** Does what its params say, and writes down what it did. */
export class Survivor extends Pipeline<typeof Params> {
  static override readonly params = Params;
  static override readonly module = import.meta.url;

  async run(context: RunContext<typeof Params>): Promise<unknown> {
    const { params, step, sleep, signal, attempt } = context;
    const { act, file } = params;
    const say = (what: string): void => note(file, what);
    say(`begin ${attempt}`);
    switch (act) {
      case "between":
        await step("one", () => say("one"));
        say("between");
        if (attempt === 1) await hold(file, "never");
        return step("two", () => say("two"));
      case "inside":
        await step("one", () => say("one"));
        return step("two", async () => {
          say("two begins");
          if (attempt === 1) await hold(file, "never");
          say("two");
        });
      case "parallel":
        return Promise.all(
          ["a", "b", "c"].map((name) =>
            step(name, async () => {
              say(name);
              if (name === "c" && attempt === 1) await hold(file, "never");
              return name;
            }),
          ),
        );
      case "sleep":
        await step("one", () => say("one"));
        await sleep("4s");
        return step("two", () => say("two"));
      case "zombie": {
        const who = await step("one", () => {
          if (attempt === 1) block(file, "end 2");
          return `attempt ${attempt}`;
        }).catch((error: { code?: string }) => {
          say(`refused: ${error.code}`);
          return "nobody";
        });
        // The one that lost its run does all it can to be heard.
        await step("two", () => attempt).catch((error: { code?: string }) => {
          say(`told to stop: ${error.code}`);
        });
        say(`end ${attempt}`);
        return who;
      }
      case "block":
        if (attempt > 1) return "later";
        say("blocks");
        block(file, "never");
        return "too late";
      case "wait":
        if (attempt > 1) return "later";
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        say(`stopped: ${(signal.reason as { code: string }).code}`);
        throw signal.reason;
      case "deaf":
        if (attempt > 1) return "later";
        await hold(file, "never");
    }
    return "done";
  }
}
