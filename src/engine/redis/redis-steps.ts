import { decodeSteps, encodeStep } from "../codec/steps-and-logs.ts";
import { toJson } from "../codec/stored-json.ts";
import type { RunHold } from "../port/runs.ts";
import type { StepRecord, StepsPort } from "../port/steps.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** The steps of runs on Redis: one hash a run. */
export class RedisSteps implements StepsPort {
  readonly #calls: RedisCalls;

  constructor(calls: RedisCalls) {
    this.#calls = calls;
  }

  async save(hold: RunHold, step: StepRecord): Promise<"saved" | "fenced" | "too-many"> {
    const answer = await this.#calls.run("save_step", { step: toJson(encodeStep(hold, step)) });
    return answer === "saved" || answer === "too-many" ? answer : "fenced";
  }

  async read(_jobId: string, runId: string): Promise<StepRecord[]> {
    const texts = await this.#calls.bounded("readSteps", () =>
      this.#calls.redis.hvals(this.#calls.key(`steps:${runId}`)),
    );
    return decodeSteps(texts, this.#calls.tell);
  }
}
