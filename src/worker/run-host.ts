import type { Clock, EpochMs } from "../core/clock.ts";
import type { LogFields } from "../core/log.ts";
import type { Engine, LogLine, StepRecord } from "../engine/port/engine.ts";
import type { Progress } from "../engine/port/steps.ts";
import { type StoredError, withTexts } from "../core/stored-error.ts";
import type { SecretValues } from "../pipeline/secrets/secret-values.ts";
import type { AttemptHost } from "../execution/attempt-host.ts";
import type { ActiveRun } from "./active-run.ts";
import { retryWhileLocked } from "./retry-while-locked.ts";
import type { RunLog } from "./run-log.ts";
import type { ServerClock } from "./server-clock.ts";

/** What a host is made with. */
export interface RunHostParts {
  readonly engine: Pick<Engine, "steps">;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly active: ActiveRun;
  readonly log: RunLog;
  readonly secrets: SecretValues | undefined;
}

/** What an attempt asks of the engine. */
export class RunHost implements AttemptHost {
  readonly clock: Clock;
  readonly secrets: SecretValues | undefined;
  readonly #parts: RunHostParts;

  constructor(parts: RunHostParts) {
    this.#parts = parts;
    this.clock = parts.clock;
    this.secrets = parts.secrets;
  }

  // Made when it is asked for: it costs more than all else that is made for a run.
  get signal(): AbortSignal {
    return this.#parts.active.signal;
  }

  now(): EpochMs {
    return this.#parts.serverClock.now();
  }

  readSteps(): Promise<readonly StepRecord[]> {
    const { engine, active } = this.#parts;
    return retryWhileLocked(this.clock, this, () =>
      engine.steps.read(active.hold.jobId, active.runId),
    );
  }

  async saveStep(step: StepRecord): Promise<"saved" | "fenced" | "too-many"> {
    const { engine, active } = this.#parts;
    const cleaned = this.#clean(step);
    const save = () => engine.steps.save(active.hold, cleaned);
    // Progress will be reported again; a step's result is worth waiting for.
    const saved = await (step.kind === "progress"
      ? save()
      : retryWhileLocked(this.clock, this, save));
    if (saved === "fenced") active.abort("lock-lost", "another worker has the run by now");
    return saved;
  }

  log(level: LogLine["level"], message: string, fields?: LogFields): void {
    this.#parts.log.write(level, message, fields);
  }

  #clean(step: StepRecord): StepRecord {
    const { secrets } = this;
    if (!secrets) return step;
    const { error } = step;
    const cleaned = step.kind === "progress" ? progressWithout(step, secrets) : step;
    return {
      ...cleaned,
      ...shownOf(step, secrets),
      ...(error === undefined ? {} : { error: withoutSecrets(error, secrets) }),
    };
  }
}

/** The run continues with a step's name and result, so these are kept, with what people may see beside them. */
function shownOf(step: StepRecord, secrets: SecretValues): Pick<StepRecord, "shown"> {
  if (step.kind === "progress") return {};
  const name = secrets.inText(step.name);
  const resultJson = step.resultJson && secrets.inJson(step.resultJson);
  const shown = {
    ...(name === step.name ? {} : { name }),
    ...(resultJson === undefined || resultJson === step.resultJson ? {} : { resultJson }),
  };
  return Object.keys(shown).length === 0 ? {} : { shown };
}

/** Masks the message of a progress; its numbers stay. */
function progressWithout(step: StepRecord, secrets: SecretValues): StepRecord {
  const { message, ...progress } = JSON.parse(step.resultJson ?? "{}") as Progress;
  const cleaned = typeof message === "string" ? { message: secrets.inText(message) } : {};
  return { ...step, resultJson: JSON.stringify({ ...progress, ...cleaned }) };
}

/** An error with its texts masked. */
export function withoutSecrets<E extends StoredError>(error: E, secrets: SecretValues): E {
  return withTexts(error, (text) => secrets.inText(text));
}
