import type { Engine, StepRecord } from "../engine/port/engine.ts";
import type { StoredError } from "../core/stored-error.ts";

/** A step of a run that has ended. */
export interface RunStep {
  readonly name: string;
  /** `sleep` is a wait that released the worker; `progress` is the run's progress report, in `result`. */
  readonly kind: StepRecord["kind"];
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly durationMs: number;
  /** How often its function was called. */
  readonly tries: number;
  /** The run's attempt in which it ended. */
  readonly attempt: number;
  /** Its result, with secrets masked; the run itself sees them. */
  readonly result: unknown;
  /** Set if it failed. */
  readonly error: StoredError | undefined;
}

/** A stored step as people see it. */
export function toStep({ startedAt, finishedAt, error, shown, ...rest }: StepRecord): RunStep {
  const resultJson = shown?.resultJson ?? rest.resultJson;
  return {
    name: shown?.name ?? rest.name,
    kind: rest.kind,
    startedAt: new Date(startedAt),
    finishedAt: new Date(finishedAt),
    durationMs: Math.max(0, finishedAt - startedAt),
    tries: rest.tries,
    attempt: rest.attempt,
    result: resultJson === undefined ? undefined : (JSON.parse(resultJson) as unknown),
    error,
  };
}

/** Reads the steps of a run, in the order in which they ended. */
export async function readSteps(
  engine: Pick<Engine, "steps">,
  jobId: string,
  runId: string,
): Promise<RunStep[]> {
  return (await engine.steps.read(jobId, runId)).map(toStep);
}
