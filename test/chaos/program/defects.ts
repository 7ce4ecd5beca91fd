import type { EventsPort, HealingPort, RunsPort } from "../../../src/engine/port/engine.ts";
import { PostgresEvents } from "../../../src/engine/postgres/postgres-events.ts";
import { PostgresHealing } from "../../../src/engine/postgres/postgres-healing.ts";
import { PostgresRuns } from "../../../src/engine/postgres/postgres-runs.ts";
import { RedisEvents } from "../../../src/engine/redis/redis-events.ts";
import { RedisHealing } from "../../../src/engine/redis/redis-healing.ts";
import { RedisRuns } from "../../../src/engine/redis/redis-runs.ts";
import type { ProgramSettings } from "./settings.ts";

/** Defects planted in the engine's port: the checker must find each. */
export const DEFECTS = ["no-fencing", "no-reconciler", "leaked-instance", "lost-event"] as const;

/** One of {@link DEFECTS}. */
export type Defect = (typeof DEFECTS)[number];

/** One settlement, and one batch of events, in this many is lost. */
const ONE_IN = 15;
const MAX_ATTEMPTS = 5;

/** Wraps methods of the sub-ports in this process, whoever makes the engine. */
export function installDefect({ defect, url }: ProgramSettings): void {
  const isRedis = url.startsWith("redis");
  const runs: RunsPort = (isRedis ? RedisRuns : PostgresRuns).prototype;
  const healing: HealingPort = (isRedis ? RedisHealing : PostgresHealing).prototype;
  const events: EventsPort = (isRedis ? RedisEvents : PostgresEvents).prototype;
  switch (defect) {
    case undefined:
      return;
    case "no-fencing":
      return settleWhoeverHasIt(runs);
    case "no-reconciler":
      healing.audit = () => Promise.resolve([]);
      return;
    case "leaked-instance":
      return forgetSettlements(runs, healing);
    case "lost-event":
      return forgetEvents(events);
  }
}

/** An attempt that lost its run settles in the name of the current one. */
function settleWhoeverHasIt(port: Pick<RunsPort, "settle">): void {
  const settle = port.settle;
  port.settle = async function (this: RunsPort, request) {
    let answer = await settle.call(this, request);
    for (let more = 1; answer.outcome === "fenced" && more < MAX_ATTEMPTS; more += 1)
      answer = await settle.call(this, { ...request, start: request.start + more });
    return answer;
  };
}

/** Some runs are never settled, and nobody notices: the instance is held forever. */
function forgetSettlements(
  runs: Pick<RunsPort, "settle">,
  healing: Pick<HealingPort, "audit">,
): void {
  const { settle } = runs;
  const { audit } = healing;
  let settled = 0;
  runs.settle = async function (this: RunsPort, request) {
    settled += 1;
    if (settled % ONE_IN === 0)
      return { now: Date.now(), outcome: "settled", endedQueueJob: false };
    return settle.call(this, request);
  };
  healing.audit = async function (this: HealingPort, request) {
    const findings = await audit.call(this, request);
    return findings.filter(({ kind }) => kind !== "orphan-run");
  };
}

/** Some batches reach a listener without their first event. */
function forgetEvents(port: Pick<EventsPort, "read">): void {
  const { read } = port;
  let batches = 0;
  port.read = async function (this: EventsPort, ...args) {
    const batch = await read.apply(this, args);
    if (batch.events.length === 0) return batch;
    batches += 1;
    return batches % ONE_IN === 0 ? { ...batch, events: batch.events.slice(1) } : batch;
  };
}
