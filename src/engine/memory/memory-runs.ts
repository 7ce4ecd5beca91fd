import { admit, handBack, noteAlive, readCancels, settle, suspend } from "../../jobs/decide.ts";
import type * as Port from "../port/runs.ts";
import { asSent, copyOf } from "./as-sent.ts";
import type { MemoryLink } from "./memory-link.ts";

/** A worker's decisions in memory. */
export class MemoryRuns implements Port.RunsPort {
  readonly #link: MemoryLink;

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async admit(request: Port.AdmitRequest): Promise<Port.Admission> {
    return copyOf(this.#link.step((step) => admit(step, asSent(request))));
  }

  async settle(request: Port.SettleRequest): Promise<Port.Settlement> {
    // No run begins here before it is admitted.
    const sent = { ...asSent(request, "resultJson", "error"), begun: undefined };
    const durationMs = Math.max(0, Math.round(request.durationMs));
    return copyOf(this.#link.step((step) => settle(step, { ...sent, durationMs })));
  }

  async suspend(request: Port.SuspendRequest): Promise<Port.Suspension> {
    const { until } = request;
    const sent = {
      ...asSent(request, "error"),
      until: "at" in until ? { at: roundUp(until.at) } : { inMs: roundUp(until.inMs) },
    };
    return copyOf(this.#link.step((step) => suspend(step, sent)));
  }

  async handBack(run: Port.RunHold): Promise<void> {
    this.#link.step((step) => handBack(step, run));
  }

  async noteAlive(run: Port.RunHold): Promise<void> {
    this.#link.step((step) => noteAlive(step, run));
  }

  async readCancels(holds: readonly Port.RunHold[]): Promise<Port.NotedCancel[]> {
    return copyOf(readCancels(this.#link.ready().state, holds));
  }
}

function roundUp(ms: number): number {
  return Math.max(0, Math.ceil(ms));
}
