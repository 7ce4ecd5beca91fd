import { Batcher } from "../calls/batcher.ts";
import * as codec from "../codec/decision-codec.ts";
import { toJson } from "../codec/stored-json.ts";
import type * as Port from "../port/runs.ts";
import type { PostgresLink } from "./postgres-link.ts";

/** Requests a call: bounds how long a call holds its locks. */
const BATCH = 100;

/** A worker's decisions on PostgreSQL. */
export class PostgresRuns implements Port.RunsPort {
  readonly #link: PostgresLink;
  readonly #admissions: Batcher<Port.AdmitRequest, Port.Admission>;
  readonly #settlements: Batcher<Port.SettleRequest, Port.Settlement>;

  constructor(link: PostgresLink) {
    this.#link = link;
    this.#admissions = new Batcher(
      async (requests) => codec.decodeAdmission(await link.run("admit", "admit", requests)),
      BATCH,
    );
    this.#settlements = new Batcher(async (requests) => {
      const settlements = codec.encodeSettle(requests);
      return codec.decodeSettlement(await link.run("settle", "settle", settlements));
    }, BATCH);
  }

  admit(request: Port.AdmitRequest): Promise<Port.Admission> {
    return this.#admissions.add(request);
  }

  settle(request: Port.SettleRequest): Promise<Port.Settlement> {
    return this.#settlements.add(request);
  }

  async suspend(request: Port.SuspendRequest): Promise<Port.Suspension> {
    const encoded = codec.encodeSuspend(request);
    return codec.decodeSuspension(await this.#link.run("suspend", "suspend", encoded));
  }

  async handBack(run: Port.RunHold): Promise<void> {
    await this.#link.run("handBack", "hand_back", run);
  }

  async noteAlive(run: Port.RunHold): Promise<void> {
    await this.#link.run("noteAlive", "note_alive", run);
  }

  async readCancels(holds: readonly Port.RunHold[]): Promise<Port.NotedCancel[]> {
    if (holds.length === 0) return [];
    return this.#link.read("readCancels", "read_cancels($1)", [toJson(holds)]);
  }
}
