import type { ChildProcess } from "node:child_process";
import { systemClock, within } from "../core/clock.ts";
import { CronduitError, isCronduitError } from "../core/errors.ts";
import { type PipelineDescriptor, sourceOf } from "../pipeline/pipeline-definition.ts";
import { describeError, summarizeResult } from "../pipeline/outcome.ts";
import { validateParams } from "../pipeline/params.ts";
import { MAX_RESULT_BYTES } from "./attempt.ts";
import {
  ABORT_GRACE_MS,
  type AttemptEnd,
  type AttemptHost,
  type AttemptInfo,
} from "./attempt-host.ts";
import { killChild, startChild } from "./child-process.ts";
import { type FromChild, fromChildSchema, type ToChild } from "./child-protocol.ts";
import { sentParams } from "./sent-params.ts";
import { eachLine } from "./output-lines.ts";
import { mayRetry } from "./retry-on.ts";
import { invalidStep } from "./step-options.ts";

/** How long a child may take to exit after reporting its outcome, and its output to arrive after that. */
const LEAVE_MS = 2_000;

/**
 * Executes one attempt of a run in a child process. When this returns, the process is gone, whatever the attempt did:
 * after being told to stop it has three seconds. Never throws.
 * @param onStart Receives what kills the process at once.
 */
export async function performInChild(
  info: AttemptInfo,
  descriptor: PipelineDescriptor,
  host: AttemptHost,
  onStart: (kill: () => void) => void,
): Promise<AttemptEnd> {
  try {
    const start = await startOf(info, descriptor, host);
    host.signal.throwIfAborted();
    const child = new ChildRun(info, host);
    onStart(() => child.kill());
    const end = await child.perform(start);
    if (typeof end !== "string") return end;
    const error = new CronduitError(
      "PROCESS_ENDED",
      `The run's process ended before the run did: ${end}. Its output is in the run's log.`,
    );
    return await failedWith(error, info, descriptor, host);
  } catch (error) {
    return failedWith(error, info, descriptor, host);
  }
}

async function failedWith(
  error: unknown,
  info: AttemptInfo,
  { pipeline }: PipelineDescriptor,
  host: AttemptHost,
): Promise<AttemptEnd> {
  const again = !host.signal.aborted && (await mayRetry(pipeline, error, info, host));
  return { kind: "failed", error: describeError(error, host.secrets), mayRetry: again };
}

async function startOf(
  info: AttemptInfo,
  descriptor: PipelineDescriptor,
  host: AttemptHost,
): Promise<ToChild> {
  const source = sourceOf(descriptor);
  const { output } = await validateParams(descriptor, info.params);
  host.secrets?.learn(output);
  return {
    cronduit: "start",
    info: { ...info },
    source,
    className: descriptor.pipeline.name,
    output: sentParams(output),
    secrets: host.secrets?.places,
    // The child goes by the machine's clock, whatever stands in for that here.
    serverAheadMs: host.now() - systemClock.now(),
  };
}

/** A child process, from start to exit. */
class ChildRun {
  readonly #info: AttemptInfo;
  readonly #host: AttemptHost;
  readonly #child: ChildProcess;
  #end: AttemptEnd | undefined;

  constructor(info: AttemptInfo, host: AttemptHost) {
    this.#info = info;
    this.#host = host;
    this.#child = startChild();
  }

  /** @returns The attempt's outcome, or how the process exited if it reported none. */
  async perform(start: ToChild): Promise<AttemptEnd | string> {
    const { clock, signal } = this.#host;
    const child = this.#child;
    const output = (line: string): void => this.#host.log("output", line);
    const flushes = [eachLine(child.stdout, output), eachLine(child.stderr, output)];
    const gone = new Promise<string>((resolve) => {
      child.once("exit", (code, by) => resolve(by ? `killed by ${by}` : `exit code ${code}`));
      child.once("error", (error) => resolve(`it could not be started (${error.message})`));
    });
    const read = new Promise((resolve) => child.once("close", resolve));
    child.on("message", (message) => this.#receive(message));
    const onAbort = (): void => this.#stop();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      this.#send(start);
      const how = await gone;
      // Kills whatever it started and left behind.
      killChild(child);
      await within(clock, LEAVE_MS, read);
      for (const flush of flushes) flush();
      return this.#end ?? how;
    } finally {
      signal.removeEventListener("abort", onAbort);
      for (const stream of child.stdio) stream?.destroy();
      if (child.connected) child.disconnect();
    }
  }

  kill(): void {
    killChild(this.#child);
  }

  #stop(): void {
    const { clock, signal } = this.#host;
    const { reason } = signal as { reason: unknown };
    const { code, message } = isCronduitError(reason)
      ? reason
      : { code: "RUN_ABORTED", message: "the run is to stop" };
    this.#send({ cronduit: "abort", code, message });
    clock.after(ABORT_GRACE_MS, () => killChild(this.#child));
  }

  #receive(message: unknown): void {
    const parsed = fromChildSchema.safeParse(message);
    if (!parsed.success) return;
    const told = parsed.data;
    switch (told.cronduit) {
      case "log":
        this.#host.log(told.level, told.message, told.fields);
        return;
      case "readSteps":
        void this.#answer(told.id, () => this.#host.readSteps());
        return;
      case "saveStep": {
        const step = { ...told.step, attempt: this.#info.attempt };
        void this.#answer(told.id, async () => {
          if (step.resultJson === undefined || isJson(step.resultJson))
            return this.#host.saveStep(step);
          throw invalidStep(`The result of step "${step.name}" is no JSON.`, step.name);
        });
        return;
      }
      case "end":
        this.#conclude(told);
    }
  }

  /** Only its first report counts. It exits by itself now, or is killed. */
  #conclude({ end }: FromChild & { cronduit: "end" }): void {
    if (this.#end !== undefined) return;
    this.#end = end.kind === "sleeping" ? end : withReadableResult(end);
    this.#host.clock.after(LEAVE_MS, () => killChild(this.#child));
  }

  async #answer(id: number, ask: () => Promise<unknown>): Promise<void> {
    try {
      this.#send({ cronduit: "answer", id, value: await ask() });
    } catch (error) {
      const { code = "INTERNAL", message } = describeError(error, this.#host.secrets);
      this.#send({ cronduit: "refusal", id, code, message });
    }
  }

  #send(message: ToChild): void {
    // A process that is gone needs no message; its exit says everything.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}

/** It comes from code that may send anything; invalid JSON could be stored but never read. */
function withReadableResult<E extends Exclude<AttemptEnd, { kind: "sleeping" }>>(end: E): E {
  const { resultJson } = end;
  if (resultJson === undefined || (resultJson.length <= MAX_RESULT_BYTES && isJson(resultJson)))
    return end;
  const result: unknown = isJson(resultJson) ? JSON.parse(resultJson) : resultJson;
  return { ...end, resultJson: summarizeResult(result, MAX_RESULT_BYTES) };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
