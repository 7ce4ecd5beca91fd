import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { RedisClient } from "./redis-client.ts";

/** The scripts of this engine with the arguments that each takes, in ARGV order. The headers of the files say the same. */
export const SCRIPT_ARGUMENTS = {
  admit: ["requests"],
  settle: ["requests"],
  put_jobs: ["jobs"],
  change_job: ["change"],
  remove_job: ["removal"],
  request_run: ["request"],
  hand_back: ["hold"],
  hold_lease: ["name", "owner", "ttl"],
  now: [],
  audit: ["request"],
  list_taken: ["limit"],
  export_jobs: ["stage", "cursor", "count"],
  import_records: ["step"],
} as const satisfies Record<string, readonly string[]>;

/** The arguments that every script takes first. */
export const COMMON_ARGUMENTS = ["prefix", "queuePrefix", "now", "maxEvents"] as const;

/** The name of a script. */
export type ScriptName = keyof typeof SCRIPT_ARGUMENTS;
/** Named arguments of a script. */
export type ScriptArguments<N extends ScriptName> = Readonly<
  Record<(typeof SCRIPT_ARGUMENTS)[N][number], string | number>
>;

interface LoadedScript {
  readonly lua: string;
  readonly sha: string;
}

const loaded = new Map<ScriptName, LoadedScript>();

function read(file: string): string {
  return readFileSync(new URL(`./scripts/${file}.lua`, import.meta.url), "utf8");
}

function load(name: ScriptName): LoadedScript {
  const known = loaded.get(name);
  if (known) return known;
  const lua = `${read("lib")}\n${read(name)}`;
  const script = { lua, sha: createHash("sha1").update(lua).digest("hex") };
  loaded.set(name, script);
  return script;
}

/** Runs scripts on one queue's keys. */
export class ScriptRunner {
  readonly #redis: RedisClient;
  readonly #common: () => readonly (string | number)[];
  readonly #anyKey: string;

  /**
   * @param anyKey A key of the queue's hash tag, so that a cluster sends the script to the right node.
   * @param common The values of {@link COMMON_ARGUMENTS}.
   */
  constructor(redis: RedisClient, anyKey: string, common: () => readonly (string | number)[]) {
    this.#redis = redis;
    this.#anyKey = anyKey;
    this.#common = common;
  }

  /** Runs a script by its digest, and sends its source only when the server does not have it yet. */
  async run<N extends ScriptName>(name: N, input: ScriptArguments<N>): Promise<unknown> {
    const script = load(name);
    const names: readonly (keyof ScriptArguments<N>)[] = SCRIPT_ARGUMENTS[name];
    const args = [...this.#common(), ...names.map((argument) => input[argument])];
    try {
      return await this.#redis.evalsha(script.sha, 1, this.#anyKey, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return this.#redis.eval(script.lua, 1, this.#anyKey, ...args);
    }
  }
}
