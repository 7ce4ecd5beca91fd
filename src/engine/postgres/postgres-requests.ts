import * as codec from "../codec/decision-codec.ts";
import type * as Port from "../port/requests.ts";
import { wordOf } from "./functions.ts";
import type { PostgresLink } from "./postgres-link.ts";

/** What people ask of runs, on PostgreSQL. */
export class PostgresRequests implements Port.RequestsPort {
  readonly #link: PostgresLink;

  constructor(link: PostgresLink) {
    this.#link = link;
  }

  async run(request: Port.RunRequest): Promise<Port.RequestedRun | "missing"> {
    const encoded = codec.encodeRunRequest(request);
    return codec.decodeRunRequest(await this.#link.run("requestRun", "request_run", encoded));
  }

  async cancel(request: Port.CancelRequest): Promise<Port.CancelOutcome> {
    const encoded = codec.encodeCancel(request);
    return codec.decodeCancel(wordOf(await this.#link.run("cancelRun", "cancel_run", encoded)));
  }
}
