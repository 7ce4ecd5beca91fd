import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Fault, Heard } from "../history/history.ts";
import type { Edit } from "../history/job-spec.ts";

/** A line in a process's own append-only file. `at` is this machine's true time, whatever the process's clock says. */
export type Line =
  | {
      readonly what: "start";
      readonly at: number;
      readonly job: string;
      readonly run: string;
      readonly attempt: number;
      readonly fireAt: number;
      readonly dueAt: number;
      readonly admittedAt: number;
      readonly rev: number;
      readonly act: string;
    }
  | {
      readonly what: "end";
      readonly at: number;
      readonly run: string;
      readonly attempt: number;
      readonly ok: boolean;
      /** It went to sleep and continues later. */
      readonly asleep?: true;
    }
  | { readonly what: "stall"; readonly at: number; readonly from: number }
  | { readonly what: "slow-server"; readonly at: number; readonly from: number }
  | { readonly what: "skew"; readonly at: number; readonly shownMs: number }
  | { readonly what: "call"; readonly at: number; readonly edit: Edit; readonly call: number }
  | {
      readonly what: "answer";
      readonly at: number;
      readonly call: number;
      readonly result: "ok" | "refused" | "unknown";
      readonly error?: string;
      readonly refused?: readonly string[];
    }
  | { readonly what: "heard"; readonly heard: Omit<Heard, "pid"> }
  | { readonly what: "warning"; readonly at: number; readonly text: string }
  | { readonly what: "dead"; readonly at: number; readonly dead: number }
  | { readonly what: "crash"; readonly at: number; readonly crashed: number; readonly text: string }
  | { readonly what: "fault"; readonly fault: Fault };

const trueNow = Date.now;
let skewMs = 0;

/** This machine's true time, even after {@link skewClock}. */
export function realNow(): number {
  return trueNow();
}

/** Shifts this process's clock for us, BullMQ and ioredis alike. */
export function skewClock(ms: number): void {
  skewMs = ms;
  Date.now = () => trueNow() + skewMs;
}

/** A process's append-only file. Each line is written synchronously, so that SIGKILL loses none. */
export class Journal {
  readonly #file: number;
  #isClosed = false;

  constructor(dir: string, role: string) {
    this.#file = openSync(join(dir, `${role}.${process.pid}.jsonl`), "a");
  }

  write(line: Line): void {
    if (this.#isClosed) return;
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  close(): void {
    if (!this.#isClosed) closeSync(this.#file);
    this.#isClosed = true;
  }
}

const TICK_MS = 100;
/** A tick this late shows that the machine is too busy to judge. */
const STALL_MS = 300;

/** Records when this process didn't run: stopped, blocked, or on a machine that is too busy. */
export function watchStalls(journal: Journal): NodeJS.Timeout {
  let last = { at: realNow(), on: performance.now() };
  return setInterval(() => {
    const on = performance.now();
    if (on - last.on > STALL_MS) journal.write({ what: "stall", at: realNow(), from: last.at });
    last = { at: realNow(), on };
  }, TICK_MS);
}
