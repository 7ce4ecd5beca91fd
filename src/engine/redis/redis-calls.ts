import type { EpochMs } from "../../core/clock.ts";
import type { Tell } from "../codec/readable.ts";
import type { RedisClient } from "./redis-client.ts";
import type { RedisLink } from "./redis-link.ts";
import { type ScriptArguments, type ScriptName, ScriptRunner } from "./scripts.ts";

/** What the calls of one queue are made with. */
export interface RedisCallsOptions {
  readonly link: RedisLink;
  /** The hash tag that begins every key of the queue. */
  readonly tag: string;
  /** Begins the keys of BullMQ's queue. */
  readonly queuePrefix: string;
  /** About how many entries the event stream keeps. */
  readonly maxEvents: number;
  readonly serverNow: (() => EpochMs) | undefined;
  /** Reports what is stored and can't be read. */
  readonly tell: Tell;
}

/** Calls to one queue's keys, each within the deadline of the link. The engine's sub-ports share them. */
export class RedisCalls {
  readonly redis: RedisClient;
  /** Runs scripts without a deadline. */
  readonly scripts: ScriptRunner;
  readonly tell: Tell;
  readonly maxEvents: number;
  readonly #link: RedisLink;
  readonly #prefix: string;
  readonly #serverNow: (() => EpochMs) | undefined;

  constructor({ link, tag, queuePrefix, maxEvents, serverNow, tell }: RedisCallsOptions) {
    this.#link = link;
    this.redis = link.redis;
    this.tell = tell;
    this.maxEvents = maxEvents;
    this.#prefix = `${tag}:`;
    this.#serverNow = serverNow;
    this.scripts = new ScriptRunner(this.redis, this.key("meta"), () => [
      this.#prefix,
      queuePrefix,
      serverNow?.() ?? "",
      maxEvents,
    ]);
  }

  key(name: string): string {
    return this.#prefix + name;
  }

  /** The server's clock. */
  async now(): Promise<EpochMs> {
    if (this.#serverNow) return this.#serverNow();
    return Number(await this.run("now", {}));
  }

  /** One atomic step. @throws `CONNECTION_FAILED` */
  run<N extends ScriptName>(
    name: N,
    input: ScriptArguments<N>,
    more: readonly string[] = [],
  ): Promise<unknown> {
    const what = name.replaceAll(/_./g, (letters) => letters.charAt(1).toUpperCase());
    return this.#link.bounded(what, () => this.scripts.run(name, input, more));
  }

  /** Anything else that asks the server. @param what names the call in errors @throws `CONNECTION_FAILED` */
  bounded<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.#link.bounded(what, work);
  }
}
