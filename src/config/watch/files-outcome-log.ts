import type { Logger } from "../../core/log.ts";
import type { SetRecords } from "../apply/set-records.ts";
import { describeOutcome, describeProblem, type FilesOutcome } from "./files-outcome.ts";

/** Problems that get a line each. */
const MOST_LINES = 20;

/** Tells outcomes once each: in the log, as an event, and for those who ask what was rejected. */
export class OutcomeLog {
  readonly #logger: Logger;
  readonly #records: SetRecords;
  #last: FilesOutcome | undefined;
  #isRejected: boolean | undefined;

  constructor(logger: Logger, records: SetRecords) {
    this.#logger = logger;
    this.#records = records;
  }

  /** The outcome that was told last. */
  get last(): FilesOutcome | undefined {
    return this.#last;
  }

  /** @returns Whether this is something else than before. */
  async tell(outcome: FilesOutcome): Promise<boolean> {
    const isNews = keyOf(outcome) !== keyOf(this.#last);
    const isFirst = this.#last === undefined;
    const was = this.#last?.kind;
    await this.#record(outcome, isNews);
    this.#last = outcome;
    if (!isNews) return false;
    // What was applied stays as it was: no news.
    if (outcome.kind === "unchanged" && was === "applied") return false;
    this.#write(outcome, isFirst);
    return true;
  }

  async #record(outcome: FilesOutcome, isNews: boolean): Promise<void> {
    const { kind, problems, files } = outcome;
    if (kind === "rejected" && isNews) await this.#records.rejected(files, problems);
    if (kind !== "rejected" && this.#isRejected !== false) await this.#records.mended();
    this.#isRejected = kind === "rejected";
    if (kind === "unchanged" || !isNews) return;
    const count =
      kind === "applied"
        ? outcome.added + outcome.changed + outcome.removed
        : kind === "rejected"
          ? problems.filter(({ severity }) => severity === "error").length
          : outcome.readers.length;
    const first = problems.find(({ severity }) => severity === "error");
    const note = kind === "rejected" && first ? describeProblem(first) : describeOutcome(outcome);
    await this.#records.announce(kind, note, count);
  }

  #write(outcome: FilesOutcome, isFirst: boolean): void {
    const { source, kind, problems } = outcome;
    const isBad = kind === "rejected" || kind === "conflict";
    if (isBad) this.#logger.error(describeOutcome(outcome), { source });
    else if (kind === "applied" || isFirst) this.#logger.info(describeOutcome(outcome), { source });
    for (const problem of problems.slice(0, MOST_LINES)) {
      const { file, line, column, code } = problem;
      const level = problem.severity === "error" ? "error" : "warn";
      this.#logger[level](describeProblem(problem), { source, file, line, column, code });
    }
    const left = problems.length - MOST_LINES;
    if (left > 0) this.#logger.warn(`… and ${left} more`, { source });
  }
}

/** Equal for outcomes that tell the same. */
function keyOf(outcome: FilesOutcome | undefined): string {
  if (!outcome) return "";
  if (outcome.kind !== "conflict") return JSON.stringify(outcome);
  const readers = outcome.readers.map(({ host, pid, digest }) => [host, pid, digest]);
  return JSON.stringify({ ...outcome, readers });
}
