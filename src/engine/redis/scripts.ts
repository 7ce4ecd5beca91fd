import { createHash } from "node:crypto";
import type { RedisClient } from "./redis-client.ts";
import { scriptText } from "./script-texts.ts";

/** The scripts of this engine with the arguments that each takes, in ARGV order. The headers of the files say the same. */
export const SCRIPT_ARGUMENTS = {
  take_jobs: ["taker", "turn", "lockMs", "count", "worker", "pipelines", "limitMax", "limitMs"],
  pass_on: [],
  end_jobs: ["jobs"],
  park_job: ["id", "token", "delayMs"],
  admit: ["requests"],
  settle: ["requests"],
  settle_plain: ["steps"],
  compare_jobs: [],
  put_jobs: ["jobs"],
  change_job: ["change"],
  remove_job: ["removal"],
  request_run: ["request"],
  hand_back: ["hold"],
  note_alive: ["hold"],
  suspend: ["request"],
  cancel_run: ["request"],
  hold_lease: ["name", "owner", "ttl"],
  now: [],
  add_queue: ["name"],
  claim_jobs: ["request"],
  release_claim: ["jobId", "number", "sequence"],
  fence_job: ["jobId", "number"],
  audit: ["request"],
  tell_overdue: ["told"],
  save_step: ["step"],
  append_logs: ["writes"],
  delete_logs: ["jobId", "before"],
  add_backfill: ["plan"],
  change_backfill: ["jobId", "change"],
  list_taken: ["limit"],
  read_definitions: [],
  export_jobs: ["stage", "cursor", "count"],
  list_step_runs: ["jobId", "offset", "limit"],
  import_records: ["step"],
} as const satisfies Record<string, readonly string[]>;

/** The arguments that every script takes first. */
export const COMMON_ARGUMENTS = ["prefix", "queuePrefix", "now", "maxEvents"] as const;

/** Files that begin a script, each using those before it: what they define is known to the script. */
const BASE = ["lib"] as const;
const QUEUED = [...BASE, "ledger", "conditions", "pending", "backfills"] as const;
const RUNS = [...QUEUED, "runs"] as const;
const PLAIN = [...BASE, "ledger", "plain"] as const;
/** Files that end with a table of their functions, by whose name the others call them. Only calls that use them make them. */
const LAZY: ReadonlySet<string> = new Set(["conditions", "pending", "backfills", "queue"]);

/** The name of a script. */
export type ScriptName = keyof typeof SCRIPT_ARGUMENTS;

/** The library files of the scripts that use more than {@link BASE}, in their order. */
const LIBRARIES: Partial<Record<ScriptName, readonly string[]>> = {
  admit: [...RUNS, "admission", "queue", "backfill_starts"],
  settle: RUNS,
  take_jobs: PLAIN,
  settle_plain: PLAIN,
  put_jobs: [...QUEUED, "new_job"],
  change_job: QUEUED,
  remove_job: RUNS,
  hand_back: RUNS,
  suspend: RUNS,
  cancel_run: RUNS,
  audit: QUEUED,
  save_step: BASE,
  append_logs: BASE,
  delete_logs: BASE,
  add_backfill: QUEUED,
  change_backfill: QUEUED,
  import_records: [...QUEUED, "new_job"],
};

/** The files that make up a script, in their order. */
export function filesOf(name: ScriptName): readonly string[] {
  return [...(LIBRARIES[name] ?? BASE), name];
}

/** Named arguments of a script. */
export type ScriptArguments<N extends ScriptName> = Readonly<
  Record<(typeof SCRIPT_ARGUMENTS)[N][number], string | number>
>;

interface LoadedScript {
  readonly lua: string;
  readonly sha: string;
}

const loaded = new Map<ScriptName, LoadedScript>();

/**
 * Each file inside a function in the one before it. A server makes a script's functions anew at each call, and Lua finds
 * what a function uses of the function around it by a search, but at once what comes from further out: as one flat text
 * the scripts took half as long again.
 */
function nest(names: readonly string[]): string {
  const parts = names.map((name) =>
    LAZY.has(name) ? `${name} = lazy(function()\n${scriptText(name)}end)` : scriptText(name),
  );
  return parts.join("\nreturn (function()\n") + "\nend)()".repeat(parts.length - 1);
}

function load(name: ScriptName): LoadedScript {
  const known = loaded.get(name);
  if (known) return known;
  const lua = nest(filesOf(name));
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

  /**
   * Runs a script by its digest, and sends its source only when the server does not have it yet.
   * @param more Behind the named arguments, where a script takes lists.
   */
  async run<N extends ScriptName>(
    name: N,
    input: ScriptArguments<N>,
    more: readonly string[] = [],
  ): Promise<unknown> {
    const script = load(name);
    const names: readonly (keyof ScriptArguments<N>)[] = SCRIPT_ARGUMENTS[name];
    const args = [...this.#common(), ...names.map((argument) => input[argument]), ...more];
    try {
      return await this.#redis.evalsha(script.sha, 1, this.#anyKey, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return this.#redis.eval(script.lua, 1, this.#anyKey, ...args);
    }
  }
}
