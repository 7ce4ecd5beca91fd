import * as codec from "../codec/decision-codec.ts";
import { toJson } from "../codec/stored-json.ts";
import type * as Port from "../port/requests.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** What people ask of runs, on Redis. */
export class RedisRequests implements Port.RequestsPort {
  readonly #calls: RedisCalls;

  constructor(calls: RedisCalls) {
    this.#calls = calls;
  }

  async run(request: Port.RunRequest): Promise<Port.RequestedRun | "missing"> {
    const encoded = toJson(codec.encodeRunRequest(request));
    return codec.decodeRunRequest(await this.#calls.run("request_run", { request: encoded }));
  }

  async cancel(request: Port.CancelRequest): Promise<Port.CancelOutcome> {
    const encoded = toJson(codec.encodeCancel(request));
    return codec.decodeCancel(await this.#calls.run("cancel_run", { request: encoded }));
  }
}
