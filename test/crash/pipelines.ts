import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { definePipeline, Pipeline, type PipelineClass, type RunContext } from "../../src/index.ts";
import { appendLine, readLines } from "./run-file.ts";

const params = z.object({
  /** How long an attempt takes. */
  ms: z.number().default(50),
  /**
   * `polite` ends with an error when told to stop; `deaf` continues. `die` kills its process. `hold` waits until it is
   * told to stop or is released. `block` blocks the event loop until another attempt has ended.
   */
  act: z.enum(["polite", "deaf", "die", "hold", "block", "fail"]).default("polite"),
  /** Later attempts are polite, and short. */
  firstOnly: z.boolean().default(true),
});

type Params = typeof params;

let letGo: () => void = () => undefined;
const released = new Promise<void>((resolve) => {
  letGo = resolve;
});

/** Lets every `hold` of this process end. */
export function release(): void {
  letGo();
}

/** Nothing of this thread runs meanwhile: no timer, no lock renewal. */
function blockUntil(isOver: () => boolean, limitMs: number): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; waitedMs < limitMs && !isOver(); waitedMs += 50)
    Atomics.wait(cell, 0, 0, 50);
}

function hasEndedElsewhere(file: string, runId: string): boolean {
  return readLines(file).some(({ what, run }) => what === "end" && run === runId);
}

/** A pipeline of this name that writes its attempts to `file`. */
export function recorder(
  name: string,
  file: string,
  onStart: () => void = () => undefined,
): PipelineClass<Params> {
  class Recorder extends Pipeline<Params> {
    static override readonly params = params;

    async run({ runId, jobId, attempt, params: given, signal }: RunContext<Params>) {
      const about = { job: jobId, run: runId, attempt };
      signal.addEventListener("abort", () => appendLine(file, { what: "abort", ...about }));
      appendLine(file, { what: "start", ...about });
      onStart();
      const isLater = given.firstOnly && attempt > 1;
      const { act, ms } = isLater ? ({ act: "polite", ms: 50 } as const) : given;
      if (act === "die") {
        appendLine(file, { what: "dead" });
        process.kill(process.pid, "SIGKILL");
      }
      if (act === "block") {
        blockUntil(() => hasEndedElsewhere(file, runId), 30_000);
        await Promise.race([aborted(signal), delay(20_000, undefined, { ref: false })]);
      } else if (act === "hold") {
        await released;
      } else if (act === "deaf") {
        await delay(ms);
      } else {
        await Promise.race([delay(ms), aborted(signal)]);
        if (signal.aborted) {
          appendLine(file, { what: "end", ...about });
          throw signal.reason;
        }
      }
      appendLine(file, { what: "end", ...about });
      if (act === "fail") throw new Error("as told");
      return { attempt, pid: process.pid };
    }
  }
  return definePipeline(Recorder, { name });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
