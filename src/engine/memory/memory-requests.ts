import { cancelRun, requestRun } from "../../jobs/decide.ts";
import type * as Port from "../port/requests.ts";
import { asSent } from "./as-sent.ts";
import type { MemoryLink } from "./memory-link.ts";

/** What people ask of runs, in memory. */
export class MemoryRequests implements Port.RequestsPort {
  readonly #link: MemoryLink;

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async run(request: Port.RunRequest): Promise<Port.RequestedRun | "missing"> {
    return this.#link.step((step) => requestRun(step, asSent(request, "params")));
  }

  async cancel(request: Port.CancelRequest): Promise<Port.CancelOutcome> {
    return this.#link.step((step) => cancelRun(step, asSent(request)));
  }
}
