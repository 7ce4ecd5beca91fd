import type { Engine } from "../../../src/engine/port/engine.ts";
import { PostgresEngine } from "../../../src/engine/postgres/postgres-engine.ts";
import { RedisEngine } from "../../../src/engine/redis/redis-engine.ts";
import type { ProgramSettings } from "./settings.ts";

/** Defects planted in the engine's port: the checker must find each. */
export const DEFECTS = ["no-fencing", "no-reconciler", "leaked-instance", "lost-event"] as const;

/** One of {@link DEFECTS}. */
export type Defect = (typeof DEFECTS)[number];

/** One settlement, and one batch of events, in this many is lost. */
const ONE_IN = 15;
const MAX_ATTEMPTS = 5;

type DefectivePort = Pick<Engine, "settle" | "audit" | "readEvents">;

/** Wraps methods of the port in this process, whoever makes the engine. */
export function installDefect({ defect, url }: ProgramSettings): void {
  const port: DefectivePort = (url.startsWith("redis") ? RedisEngine : PostgresEngine).prototype;
  switch (defect) {
    case undefined:
      return;
    case "no-fencing":
      return settleWhoeverHasIt(port);
    case "no-reconciler":
      port.audit = () => Promise.resolve([]);
      return;
    case "leaked-instance":
      return forgetSettlements(port);
    case "lost-event":
      return forgetEvents(port);
  }
}

/** An attempt that lost its run settles in the name of the current one. */
function settleWhoeverHasIt(port: Pick<Engine, "settle">): void {
  const settle = port.settle;
  port.settle = async function (this: Engine, request) {
    let answer = await settle.call(this, request);
    for (let more = 1; answer.outcome === "fenced" && more < MAX_ATTEMPTS; more += 1)
      answer = await settle.call(this, { ...request, start: request.start + more });
    return answer;
  };
}

/** Some runs are never settled, and nobody notices: the instance is held forever. */
function forgetSettlements(port: Pick<Engine, "settle" | "audit">): void {
  const { settle, audit } = port;
  let settled = 0;
  port.settle = async function (this: Engine, request) {
    settled += 1;
    if (settled % ONE_IN === 0)
      return { now: await this.now(), outcome: "settled", endedQueueJob: false };
    return settle.call(this, request);
  };
  port.audit = async function (this: Engine, request) {
    const findings = await audit.call(this, request);
    return findings.filter(({ kind }) => kind !== "orphan-run");
  };
}

/** Some batches reach a listener without their first event. */
function forgetEvents(port: Pick<Engine, "readEvents">): void {
  const read = port.readEvents;
  let batches = 0;
  port.readEvents = async function (this: Engine, ...args) {
    const batch = await read.apply(this, args);
    if (batch.events.length === 0) return batch;
    batches += 1;
    return batches % ONE_IN === 0 ? { ...batch, events: batch.events.slice(1) } : batch;
  };
}
