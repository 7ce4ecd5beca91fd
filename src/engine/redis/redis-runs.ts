import { Batcher } from "../calls/batcher.ts";
import * as codec from "../codec/decision-codec.ts";
import { toJson } from "../codec/stored-json.ts";
import type * as Port from "../port/runs.ts";
import type { FastPath } from "./fast-path.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** Requests a script call: keeps one call below a few milliseconds. */
const BATCH = 100;

/** A worker's decisions on Redis. Admissions and settlements have no deadline: workers repeat them themselves. */
export class RedisRuns implements Port.RunsPort {
  readonly #calls: RedisCalls;
  readonly #fastPath: FastPath;
  readonly #admissions: Batcher<Port.AdmitRequest, Port.Admission>;
  readonly #settlements: Batcher<Port.SettleRequest, Port.Settlement>;

  constructor(calls: RedisCalls, fastPath: FastPath) {
    const { scripts } = calls;
    this.#calls = calls;
    this.#fastPath = fastPath;
    this.#admissions = new Batcher(async (requests) => {
      const answer = await scripts.run("admit", { requests: toJson(requests) });
      return codec.decodeAdmission(answer);
    }, BATCH);
    this.#settlements = new Batcher(async (requests) => {
      const settlements = toJson(codec.encodeSettle(requests));
      return codec.decodeSettlement(await scripts.run("settle", { requests: settlements }));
    }, BATCH);
  }

  admit(request: Port.AdmitRequest): Promise<Port.Admission> {
    return this.#admissions.add(request);
  }

  async settle(request: Port.SettleRequest): Promise<Port.Settlement> {
    return (await this.#fastPath.settle(request)) ?? this.#settlements.add(request);
  }

  async suspend(request: Port.SuspendRequest): Promise<Port.Suspension> {
    const encoded = toJson(codec.encodeSuspend(request));
    return codec.decodeSuspension(await this.#calls.run("suspend", { request: encoded }));
  }

  async handBack(run: Port.RunHold): Promise<void> {
    await this.#calls.run("hand_back", { hold: toJson(run) });
  }

  async noteAlive(run: Port.RunHold): Promise<void> {
    await this.#calls.run("note_alive", { hold: toJson(run) });
  }

  async readCancels(holds: readonly Port.RunHold[]): Promise<Port.NotedCancel[]> {
    if (holds.length === 0) return [];
    const ids = holds.map(({ queueJobId }) => queueJobId);
    const reasons = await this.#calls.bounded("readCancels", () =>
      this.#calls.redis.hmget(this.#calls.key("cancels"), ...ids),
    );
    return ids.flatMap((queueJobId, i) => {
      const reason = reasons[i];
      return typeof reason === "string" ? [{ queueJobId, reason }] : [];
    });
  }
}
