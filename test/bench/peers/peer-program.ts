// Measures one peer once, in a process of its own; sends what it found.
import { setTimeout as wait } from "node:timers/promises";
import { quantile } from "../measure/statistics.ts";
import { agendaPeer } from "./agenda.ts";
import { dbosPeer } from "./dbos.ts";
import { graphilePeer } from "./graphile.ts";
import { barePeer, cronduitPeer } from "./ours.ts";
import type { OnRun, Peer, PeerPlace } from "./peer.ts";
import { pgBossPeer } from "./pg-boss.ts";

/** What to measure; the program's argument. */
export interface PeerTask {
  readonly place: PeerPlace;
  readonly what: "one-off jobs" | "schedules";
  readonly count: number;
}

/** What was measured; those of the other task are absent. */
export type PeerFigures = Record<string, number | null>;

const LIMIT_MS = 60_000;
const MINUTE_MS = 60_000;
/** Some look for new schedules every half minute only. */
const SETTLE_MS = 35_000;

const now = (): number => performance.timeOrigin + performance.now();

const { place, what, count } = JSON.parse(process.argv[2] ?? "{}") as PeerTask;
let starts: number[] = [];
const peer = await makePeer(place, () => void starts.push(now()));

async function makePeer(
  { peer: name, redis, postgres, loader }: PeerPlace,
  onRun: OnRun,
): Promise<Peer> {
  switch (name) {
    case "cronduit, Redis":
      return cronduitPeer(redis, onRun);
    case "cronduit, PostgreSQL":
      return cronduitPeer(postgres, onRun);
    case "bare BullMQ, Redis":
      return barePeer(redis, onRun);
    case "graphile-worker":
      return graphilePeer(postgres, loader, onRun);
    case "pg-boss":
      return pgBossPeer(postgres, loader, onRun);
    case "Agenda, Redis": {
      const backend = { name: "RedisBackend", from: "@agendajs/redis-backend" } as const;
      return agendaPeer(redis, loader, backend, onRun);
    }
    case "Agenda, PostgreSQL": {
      const backend = { name: "PostgresBackend", from: "@agendajs/postgres-backend" } as const;
      return agendaPeer(postgres, loader, backend, onRun);
    }
    case "DBOS":
      return dbosPeer(postgres, loader, onRun);
  }
}

/** Waits until so many runs began, or the limit is over. */
async function began(runs: number, limitMs: number): Promise<void> {
  const until = now() + limitMs;
  while (starts.length < runs && now() < until) await wait(10);
}

async function runOnce(): Promise<PeerFigures> {
  await peer.fill?.(count);
  const cpu = process.cpuUsage();
  const from = now();
  const starting = peer.start(count);
  await began(count, LIMIT_MS);
  const lastAt = starts.at(-1) ?? now();
  const { user, system } = process.cpuUsage(cpu);
  const runs = starts.length;
  if (runs >= count) await starting;
  return {
    perSecond: runs / ((lastAt - from) / 1_000),
    cpu: runs === 0 ? null : (user + system) / runs,
  };
}

async function declare(): Promise<number | null> {
  const from = performance.now();
  const how = await peer.schedule(count);
  return how === "declared" ? count / ((performance.now() - from) / 1_000) : null;
}

async function runSchedules(): Promise<PeerFigures> {
  const declared = await declare();
  const again = await declare();
  await peer.start(0);
  const dueAt = Math.ceil((now() + SETTLE_MS) / MINUTE_MS) * MINUTE_MS;
  await wait(dueAt - now());
  starts = [];
  await began(count, MINUTE_MS - 2_000);
  const late = starts.slice(0, count).map((at) => at - dueAt);
  return {
    declared,
    again,
    ran: late.length,
    lateP50: quantile(late, 0.5),
    lateP99: quantile(late, 0.99),
  };
}

// Its channel does not keep a program alive, see die-with-parent.mjs.
setInterval(() => undefined, 1 << 30);
await peer.open();
process.send?.({ figures: await (what === "schedules" ? runSchedules() : runOnce()) });
