import { setTimeout as wait } from "node:timers/promises";
import { freePort } from "../helpers/redis-server.ts";
import { engineOn, PREFIX } from "./api/stored-fleet.ts";
import type { Engine } from "../../src/engine/port/engine.ts";
import { type Bench, CRONDUIT, type Sample } from "./measure/bench.ts";
import { buildPackage } from "./measure/build-package.ts";
import { CalledProgram, type Leaving } from "./measure/called-program.ts";
import { MeasuredRedis } from "./measure/redis-reading.ts";
import { playRounds } from "./measure/rounds.ts";
import type { ClientsCalls } from "./streams/clients-program.ts";
import { nameOf } from "./streams/heard.ts";
import type { StreamPlace } from "./streams/serve-streams.ts";
import type { StreamsCalls } from "./streams/streams-program.ts";

const PLAIN = "plain Hono";
const TICK_MS = 100;
/** What merges does so every so often. */
const MERGE_MS = 500;
/** Until everybody has everything after a restart. */
const LIMIT_MS = 120_000;
/** Events before, during and after the restart. */
const AROUND = [40, 400, 40] as const;

type Server = CalledProgram<StreamsCalls & Leaving>;
type Clients = CalledProgram<ClientsCalls & Leaving>;

/** What is needed to play a part. */
interface Scene {
  readonly place: StreamPlace;
  readonly engine: Engine;
  readonly clients: Clients;
  readonly streams: number;
  readonly seconds: number;
  readonly profile: string | undefined;
}

export const bench: Bench = {
  title: "Event streams",
  about: `
Clients in a process of their own follow \`GET /events\` of one process, each with a connection and a token; another process causes events on Redis. Up to 10 a
second they come as they are, above that merged to two messages a second. A processor has 1,000 ms a second. Plain Hono writes constants of the
same size as often (\`streamSSE\`), and hears of nothing.

Over a restart: the process of the API is killed while events come, another one takes its port, and every client comes back with the id that it
had last. What a client lost, got twice or in another order is counted over all clients.`,
  figures: {
    cpu: { label: "CPU, ms a second", better: "less" },
    messages: { label: "messages a stream and second", better: "less" },
    lateP50: { label: "late by, p50, ms", better: "less" },
    lateP99: { label: "late by, p99, ms", better: "less" },
    backMs: { label: "until all had come back, ms", better: "less" },
    allMs: { label: "until all had everything, ms", better: "less" },
    lost: { label: "events lost", better: "less" },
    astray: { label: "events twice, or in another order", better: "less" },
  },
  sides: [CRONDUIT, PLAIN],
  async play(options) {
    buildPackage();
    const { quick, rounds, seconds, sides, say, profile } = options;
    const many = quick ? 50 : 1_000;
    const restarted = quick ? 100 : 2_000;
    const steady = new Map(
      [10, 100].map((rate) => [`${many.toLocaleString("en")} streams, ${rate} events/s`, rate]),
    );
    const restart = `${restarted.toLocaleString("en")} streams over a restart`;
    await using redis = await MeasuredRedis.start();
    const engine = engineOn(redis.url);
    try {
      await engine.open();
      return await playRounds(
        { count: quick ? 1 : (rounds ?? 3), parts: [...steady.keys(), restart], sides, say },
        async (part, side) => {
          await using clients: Clients = await CalledProgram.start(
            "test/bench/streams/clients-program.ts",
            { place: {} },
          );
          const scene: Scene = {
            place: { connection: redis.url, prefix: PREFIX, port: await freePort() },
            engine,
            clients,
            streams: part === restart ? restarted : many,
            seconds: quick ? 2 : (seconds ?? 10),
            profile,
          };
          if (part !== restart) return await playSteady(scene, side, steady.get(part) ?? 1);
          return side === CRONDUIT ? await playRestart(scene) : {};
        },
      );
    } finally {
      await engine.close();
    }
  },
};

function startServer({ place, profile }: Pick<Scene, "place" | "profile">): Promise<Server> {
  return CalledProgram.start("test/bench/streams/streams-program.ts", { place, profile });
}

const urlOf = (port: number): string => `http://127.0.0.1:${port}/api/events`;

function append({ engine }: Scene, from: number, count: number): Promise<unknown> {
  const at = Date.now();
  return engine.events.append(
    Array.from({ length: count }, (_, i) => ({
      name: "JOB_REPAIRED" as const,
      at,
      jobId: nameOf(from + i),
      reason: "a reason that somebody has written down",
    })),
  );
}

async function playSteady(scene: Scene, side: string, rate: number): Promise<Sample["figures"]> {
  const { clients, streams, seconds } = scene;
  await using server = await startServer(scene);
  const { port, token } = await server.call(side === PLAIN ? "servePlain" : "serve");
  await clients.call("open", { url: urlOf(port), token, count: streams });
  const isMerged = rate > 10;
  const everyMs = side === PLAIN && isMerged ? MERGE_MS : TICK_MS;
  const each = Math.round((rate * everyMs) / 1_000);
  const cause = (number: number): Promise<unknown> =>
    side === PLAIN ? server.call("write", plainMessage(each)) : append(scene, number * each, each);
  const playFor = async (ms: number, from: number): Promise<number> => {
    const began = performance.now();
    let number = from;
    for (; performance.now() - began < ms; number += 1) {
      await cause(number);
      const next = began + (number - from + 1) * everyMs;
      await wait(Math.max(0, next - performance.now()));
    }
    return number;
  };
  // Not counted: until it is known whether they are many, and the code is warm.
  const from = await playFor(seconds * 200, 0);
  await clients.call("begin");
  await server.call("begin");
  await playFor(seconds * 1_000, from);
  const cpu = await server.call("end");
  const { messages, lateP50, lateP99 } = await clients.call("received");
  const told = side === PLAIN ? {} : { lateP50, lateP99 };
  return { cpu, messages: messages / streams / seconds, ...told };
}

/** Of the size that a message of the API has. */
function plainMessage(events: number): { readonly event?: string; readonly data: string } {
  const one = {
    name: "JOB_REPAIRED",
    time: new Date().toISOString(),
    jobId: nameOf(12_345),
    reason: "a reason that somebody has written down",
  };
  if (events === 1) return { data: JSON.stringify(one) };
  return {
    event: "batch",
    data: JSON.stringify({ events: Array.from({ length: events }, () => one) }),
  };
}

async function playRestart(scene: Scene): Promise<Sample["figures"]> {
  const { clients, place, streams } = scene;
  const [before, meanwhile, after] = AROUND;
  const total = before + meanwhile + after;
  const first = await startServer({ ...scene, profile: undefined });
  try {
    const { token } = await first.call("serve");
    await clients.call("open", { url: urlOf(place.port), token, count: streams });
    await append(scene, 0, before);
  } finally {
    // Killed: nothing is said to anybody, and some have had a part of it.
    await first[Symbol.asyncDispose]();
  }
  await clients.call("untilCut");
  for (let i = 0; i < meanwhile; i += 10) await append(scene, before + i, 10);
  await using second = await startServer(scene);
  const { token } = await second.call("serve");
  const from = performance.now();
  const backMs = await clients.call("reopen", { url: urlOf(place.port), token });
  await append(scene, before + meanwhile, after);
  while ((await clients.call("fewest")) < total && performance.now() - from < LIMIT_MS)
    await wait(200);
  const allMs = performance.now() - from;
  const { lost, astray } = await clients.call("missing", { count: total });
  return { backMs, allMs, lost, astray };
}
