// Reads event streams, see streams.bench.ts.
import { SseClient } from "../../api/sse-client.ts";
import { answerCalls } from "../measure/called-program.ts";
import { quantile } from "../measure/statistics.ts";
import { type Heard, missing } from "./heard.ts";

/** Connections that are made at once. */
const AT_ONCE = 50;

/** What to connect to. */
export interface StreamUrl {
  readonly url: string;
  readonly token: string;
}

/** What all clients got since `begin`. */
export interface Received {
  readonly messages: number;
  readonly lateP50: number | null;
  readonly lateP99: number | null;
}

/** What this program can be told to do. */
export interface ClientsCalls {
  /** Connects so many, each of which then knows where it stands. */
  open(wanted: StreamUrl & { readonly count: number }): Promise<void>;
  /** Waits until all were cut off. */
  untilCut(): Promise<void>;
  /** Connects all of them again, each where it stood. @returns how long that took, ms */
  reopen(to: StreamUrl): Promise<number>;
  begin(): Promise<void>;
  received(): Promise<Received>;
  /** The events of the one that has the fewest. */
  fewest(): Promise<number>;
  /** What is missing to the events from 0 to `count`, in all clients together. */
  missing(of: { readonly count: number }): Promise<Heard>;
}

/** A client, and what it got from the server before. */
interface Reader {
  client: SseClient;
  readonly before: string[];
}

let readers: Reader[] = [];
let messagesBefore = 0;
let late: number[] = [];

async function connect({ url, token }: StreamUrl, lastEventId?: string): Promise<SseClient> {
  const headers = { authorization: `Bearer ${token}` };
  const client = await SseClient.connect(url, { lastEventId, headers });
  client.onMessage = ({ event, data }) => {
    const events = event === "batch" ? (data as { events: { time: string }[] }).events : [data];
    for (const { time } of events as { readonly time?: string }[])
      if (time !== undefined) late.push(Date.now() - Date.parse(time));
  };
  return client;
}

/** Does it for each, so many at once. */
async function each<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  const some = async (): Promise<void> => {
    while (next < all.length) await work(all[next++] as T);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, some));
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const jobsOf = ({ client, before }: Reader): string[] => [
  ...before,
  ...client.events.map(({ jobId = "" }) => jobId),
];
const countMessages = (): number =>
  readers.reduce((sum, { client }) => sum + client.messages.length, 0);

answerCalls<ClientsCalls>({
  open: async ({ count, ...to }) => {
    for (const { client } of readers) client.close();
    readers = [];
    await each(Array.from({ length: count }), async () => {
      readers.push({ client: await connect(to), before: [] });
    });
    await until(() => readers.every(({ client }) => client.lastId !== ""));
  },
  untilCut: () => until(() => readers.every(({ client }) => client.isOver)),
  reopen: async (to) => {
    const from = performance.now();
    await each(readers, async (reader) => {
      const { client } = reader;
      reader.before.push(...client.events.map(({ jobId = "" }) => jobId));
      reader.client = await connect(to, client.lastId);
    });
    return performance.now() - from;
  },
  begin: async () => {
    messagesBefore = countMessages();
    late = [];
  },
  received: async () => {
    late.sort((a, b) => a - b);
    return {
      messages: countMessages() - messagesBefore,
      lateP50: quantile(late, 0.5),
      lateP99: quantile(late, 0.99),
    };
  },
  fewest: async () =>
    Math.min(...readers.map(({ client, before }) => before.length + client.events.length)),
  missing: async ({ count }) => missing(readers.map(jobsOf), count),
});
