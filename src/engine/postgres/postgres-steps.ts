import type { Tell } from "../codec/readable.ts";
import { decodeSteps, encodeStep } from "../codec/steps-and-logs.ts";
import type { RunHold } from "../port/runs.ts";
import type { StepRecord, StepsPort } from "../port/steps.ts";
import { wordOf } from "./functions.ts";
import type { PostgresLink } from "./postgres-link.ts";

/** The steps of runs on PostgreSQL. */
export class PostgresSteps implements StepsPort {
  readonly #link: PostgresLink;
  readonly #tell: Tell;

  constructor(link: PostgresLink, tell: Tell) {
    this.#link = link;
    this.#tell = tell;
  }

  async save(hold: RunHold, step: StepRecord): Promise<"saved" | "fenced" | "too-many"> {
    const answer = wordOf(await this.#link.run("saveStep", "save_step", encodeStep(hold, step)));
    return answer === "saved" || answer === "too-many" ? answer : "fenced";
  }

  async read(_jobId: string, runId: string): Promise<StepRecord[]> {
    const texts = await this.#link.read<string[]>("readSteps", "read_steps($1)", [runId]);
    return decodeSteps(texts, this.#tell);
  }
}
