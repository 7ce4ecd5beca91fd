import type { Clock } from "../core/clock.ts";
import type { Admission, AdmitRequest, Engine, TakenWakeUp, WakeUp } from "../engine/engine.ts";
import { wakeUpId, type WakeUpId } from "../jobs/occurrence-id.ts";
import type { DueOccurrences, Occurrence } from "../jobs/schedule.ts";
import type { DefinitionCache, KnownJob } from "./definition-cache.ts";
import type { ServerClock } from "./server-clock.ts";

/** How many occurrences always wait in the queue, so that the schedule does not hang on one of them. */
const AHEAD = 2;
/** With coalesce only the latest occurrence runs; a few more are listed because clocks differ by a little. */
const LISTED_WITH_COALESCE = 10;
/** How often a request is made anew because somebody else decided meanwhile. */
const MAX_ROUNDS = 20;

/** What an admission is made with. */
export interface AdmissionParts {
  readonly engine: Engine;
  readonly definitions: DefinitionCache;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly worker: string;
  readonly maxCrashes: number;
}

interface Question {
  readonly request: AdmitRequest;
  /** Queue jobs to be added while the question is on its way. */
  readonly ahead: readonly WakeUp[];
}

/** Asks the engine what is to be done with a queue job, and keeps the next occurrences waiting. */
export class Admissions {
  readonly #parts: AdmissionParts;
  #takes = 0;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  async decide(wakeUp: TakenWakeUp, id: WakeUpId, job: KnownJob | undefined): Promise<Admission> {
    const { engine, clock, serverClock } = this.#parts;
    const take = `${this.#parts.worker}.${(this.#takes += 1)}`;
    let question = this.#ask(wakeUp, id, job, take, undefined);
    for (let round = 0; ; round += 1) {
      const sentAt = clock.now();
      // Both leave in the same tick. A next occurrence added for nothing is void when it is taken.
      const [admission] = await Promise.all([
        engine.admit(question.request),
        this.#enqueue(question.ahead),
      ]);
      serverClock.observe(admission.now, sentAt);
      if (admission.outcome !== "behind" || round >= MAX_ROUNDS) {
        if ("more" in admission && admission.more) await engine.enqueue([admission.more]);
        return admission;
      }
      question = this.#ask(wakeUp, id, job, take, admission.watermark);
    }
  }

  async #enqueue(wakeUps: readonly WakeUp[]): Promise<void> {
    if (wakeUps.length > 0) await this.#parts.engine.enqueue(wakeUps);
  }

  #ask(
    wakeUp: TakenWakeUp,
    id: WakeUpId,
    job: KnownJob | undefined,
    take: string,
    watermark: number | undefined,
  ): Question {
    const knowsSchedule =
      id.kind === "occurrence" && job !== undefined && job.generation === id.sequence;
    const base = knowsSchedule ? (watermark ?? job.schedule.prev(id.fireAt)) : 0;
    const due = knowsSchedule ? this.#due(job, id, base) : { older: undefined, latest: [] };
    const decidedUpTo = due.latest.at(-1)?.fireAt ?? id.fireAt;
    const upcoming = knowsSchedule ? job.schedule.upcoming(decidedUpTo, AHEAD) : [];
    return {
      request: {
        queueJobId: wakeUp.id,
        take,
        jobId: id.jobId,
        kind: id.kind,
        generation: id.kind === "occurrence" ? id.sequence : 0,
        base,
        older: due.older,
        latest: due.latest,
        next: upcoming[0],
        knowsSchedule,
        worker: this.#parts.worker,
        maxCrashes: this.#parts.maxCrashes,
      },
      ahead: job ? this.#ahead(job, due, upcoming) : [],
    };
  }

  #due(job: KnownJob, id: WakeUpId, base: number): DueOccurrences {
    const { policy } = job.definition;
    const own = job.schedule.next(id.fireAt - 1);
    // The queue job's own occurrence is always named: if it is early, the engine says for how long.
    const now = Math.max(this.#parts.serverClock.now(), own?.fireAt === id.fireAt ? own.dueAt : 0);
    return job.schedule.due(base, now, policy.coalesce ? LISTED_WITH_COALESCE : policy.maxCatchUp);
  }

  #ahead(job: KnownJob, due: DueOccurrences, upcoming: readonly Occurrence[]): WakeUp[] {
    // In step with the schedule, all but the last have been waiting since the occurrence before.
    const isInStep = due.older === undefined && due.latest.length === 1;
    return (isInStep ? upcoming.slice(AHEAD - 1) : upcoming).map((occurrence) =>
      occurrenceWakeUp(job, occurrence),
    );
  }
}

/** The queue job of an occurrence. */
export function occurrenceWakeUp(
  job: Pick<KnownJob, "definition" | "generation">,
  { fireAt, dueAt }: Occurrence,
): WakeUp {
  const { id: jobId, pipeline } = job.definition;
  return {
    id: wakeUpId({ jobId, kind: "occurrence", sequence: job.generation, fireAt }),
    pipeline,
    dueAt,
  };
}
