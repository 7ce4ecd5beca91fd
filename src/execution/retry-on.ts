import { within } from "../core/clock.ts";
import { isCronduitError } from "../core/errors.ts";
import { describeError } from "../pipeline/outcome.ts";
import type { PipelineConstructor } from "../pipeline/pipeline.ts";
import type { AttemptHost, AttemptInfo } from "./attempt-host.ts";

/** Our errors that the same params and code will always cause. */
const FINAL = [
  "INVALID_PARAMS",
  "INVALID_PIPELINE",
  "INVALID_STEP",
  "MISSING_MODULE",
  "PAYLOAD_TOO_LARGE",
] as const;

/** How long to wait for an answer. */
const ANSWER_WITHIN_MS = 10_000;

/** Whether an error itself says that retrying is useless. */
export function isFinal(error: unknown): boolean {
  if (FINAL.some((code) => isCronduitError(error, code))) return true;
  try {
    return Reflect.get(Object(error), "retryable") === false;
  } catch {
    return false;
  }
}

/** Whether an attempt that ended with this error may be retried: the error decides, then its pipeline. */
export async function mayRetry(
  pipeline: PipelineConstructor,
  error: unknown,
  info: AttemptInfo,
  host: Pick<AttemptHost, "clock" | "log" | "secrets">,
): Promise<boolean> {
  if (!info.hasRetry || isFinal(error)) return false;
  if (typeof pipeline.retryOn !== "function") return true;
  const { runId, jobId, pipelineName, attempt, failures } = info;
  const failed = { runId, jobId, pipelineName, attempt, failures: failures + 1 };
  try {
    const asked = Promise.resolve<unknown>(pipeline.retryOn(error, failed));
    const answer = await within(
      host.clock,
      ANSWER_WITHIN_MS,
      asked.then((given) => ({ given })),
      "limit",
    );
    if (answer) return answer.given !== false;
    host.log("error", "retryOn did not answer; the run is tried again");
    return true;
  } catch (thrown) {
    host.log("error", "retryOn failed; the run is tried again", {
      error: describeError(thrown, host.secrets),
    });
    return true;
  }
}
