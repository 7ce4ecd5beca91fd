import { type EpochMs, systemClock } from "../core/clock.ts";
import { CronduitError, ERROR_CODES, type ErrorCode } from "../core/errors.ts";
import { manyListeners } from "../core/many-listeners.ts";
import type { LogFields } from "../core/log.ts";
import type { LogLine, StepRecord } from "../engine/port/engine.ts";
import { keptText, summarizeResult } from "../pipeline/outcome.ts";
import type { SecretValues } from "../pipeline/secrets/secret-values.ts";
import type { AttemptHost } from "./attempt-host.ts";
import type { FromChild, ToChild } from "./child-protocol.ts";

/** Fields are cut again when stored; this only bounds the message between processes. */
const MAX_FIELDS_BYTES = 256 * 1024;
/** So are log messages. */
const MAX_MESSAGE = 64 * 1024;

type Answer = ToChild & { cronduit: "answer" | "refusal" };

/** Forwards an attempt's requests from a child process to its worker, by messages. */
export class ChildHost implements AttemptHost {
  readonly clock = systemClock;
  readonly secrets: SecretValues | undefined;
  readonly #serverAheadMs: number;
  readonly #controller = manyListeners();
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #asked = 0;

  constructor(serverAheadMs: number, secrets: SecretValues | undefined) {
    this.secrets = secrets;
    this.#serverAheadMs = serverAheadMs;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  now(): EpochMs {
    return Math.round(this.clock.now() + this.#serverAheadMs);
  }

  readSteps(): Promise<readonly StepRecord[]> {
    return this.#ask((id) => ({ cronduit: "readSteps", id })) as Promise<readonly StepRecord[]>;
  }

  saveStep(step: StepRecord): ReturnType<AttemptHost["saveStep"]> {
    return this.#ask((id) => ({ cronduit: "saveStep", id, step })) as ReturnType<
      AttemptHost["saveStep"]
    >;
  }

  log(level: LogLine["level"], message: unknown, fields?: LogFields): void {
    const json = fields && summarizeResult(fields, MAX_FIELDS_BYTES, this.secrets);
    this.tell({
      cronduit: "log",
      level,
      message: keptText(String(message), MAX_MESSAGE, this.secrets),
      ...(json === undefined ? {} : { fields: JSON.parse(json) as Record<string, unknown> }),
    });
  }

  abort(reason: CronduitError): void {
    this.#controller.abort(reason);
  }

  hear(answer: Answer): void {
    const take = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    take?.(answer);
  }

  tell(message: FromChild, onSent: () => void = () => undefined): void {
    process.send?.(message, undefined, undefined, onSent);
  }

  #ask(message: (id: number) => FromChild): Promise<unknown> {
    const id = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) => {
        if (answer.cronduit === "answer") {
          resolve(answer.value);
          return;
        }
        const code = answer.code in ERROR_CODES ? (answer.code as ErrorCode) : "INTERNAL";
        reject(new CronduitError(code, answer.message));
      });
      this.tell(message(id));
    });
  }
}
