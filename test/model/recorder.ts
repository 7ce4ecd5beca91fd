import type { AuditFinding } from "../../src/engine/port/engine.ts";
import type { ConsumeOptions } from "../../src/engine/port/queue-job.ts";
import type { QueueEngine } from "../../src/engine/port/queue-engine.ts";
import type { StoredEvent } from "../../src/jobs/event.ts";
import type { Admission } from "../../src/jobs/run-requests.ts";
import { engineThrough } from "../helpers/engine-with.ts";
import type { CallOrder } from "./call-order.ts";

/** A call of an engine, as it was made and answered. */
export interface RecordedCall {
  readonly queue: string;
  /** Such as `runs.admit`. */
  readonly path: string;
  readonly params: readonly unknown[];
  readonly now: number;
  /** Beginnings and ends of all calls are numbered in their order. */
  readonly from: number;
  readonly to: number;
  readonly answer: unknown;
}

/** What a fleet does itself. */
export interface OwnParts {
  sibling(queue: string): QueueEngine;
  consume(hand: ConsumeOptions): void;
  /** The findings of an audit that are to be known. */
  audited(findings: readonly AuditFinding[]): AuditFinding[];
}

/** Notes every call of the engines of a fleet. */
export class Recorder {
  readonly #order: CallOrder;
  readonly #now: () => number;
  /** The latest start of each run. */
  readonly starts = new Map<string, number>();
  readonly #calls: RecordedCall[] = [];
  #moment = 0;
  /** Calls that are under way or wait for their turn. */
  pending = 0;

  constructor(order: CallOrder, now: () => number) {
    this.#order = order;
    this.#now = now;
  }

  /** The calls since the last time. */
  take(): RecordedCall[] {
    return this.#calls.splice(0);
  }

  /** An engine whose calls are noted, and go through the order. It stays open, and what concerns no job is not asked. */
  over(queue: string, engine: QueueEngine, own: OwnParts): QueueEngine {
    const gone = async (): Promise<void> => undefined;
    const answered = async <T>(answer: T): Promise<T> => answer;
    return engineThrough(engine, (path, method, params) => {
      switch (path) {
        case "open":
        case "close":
          return gone();
        case "sibling":
          return own.sibling(String(params[0]));
        case "queue.consume":
          own.consume(params[0] as ConsumeOptions);
          return { stop: gone, abandon: gone };
        case "members.holdLease":
          return answered(true);
        case "members.list":
          return answered([]);
        case "queue.isPaused":
          return answered(false);
        case "members.heartbeat":
        case "members.forget":
        case "queue.setPaused":
        case "directory.addQueue":
          return gone();
        case "events.append":
          // What workers tell of themselves is of no job.
          if ((params[0] as StoredEvent[]).every(({ jobId }) => jobId === undefined)) return gone();
          return this.call(queue, path, params, async () => method());
        case "healing.audit":
          return this.call(queue, path, params, async () =>
            own.audited((await method()) as AuditFinding[]),
          );
        default:
          return this.call(queue, path, params, async () => method());
      }
    }) as QueueEngine;
  }

  async call<T>(
    queue: string,
    path: string,
    params: readonly unknown[],
    call: () => Promise<T>,
  ): Promise<T> {
    const sent = plain(params);
    this.pending += 1;
    try {
      return await this.#order.pass(async () => {
        const from = (this.#moment += 1);
        const now = this.#now();
        const answer = await call();
        const to = (this.#moment += 1);
        this.#calls.push({ queue, path, params: sent, now, from, to, answer });
        if (path === "runs.admit") this.#noteStart(answer as Admission);
        return answer;
      });
    } finally {
      this.pending -= 1;
    }
  }

  #noteStart(admission: Admission): void {
    if (admission.outcome === "run") this.starts.set(admission.run.runId, admission.run.start);
  }
}

/** As it goes over the wire: an independent copy, without functions. */
function plain(params: readonly unknown[]): unknown[] {
  return JSON.parse(JSON.stringify(params)) as unknown[];
}
