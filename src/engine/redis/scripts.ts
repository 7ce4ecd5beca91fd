import { createHash } from "node:crypto";
import type { RedisClient } from "./redis-client.ts";
import { scriptText } from "./script-texts.ts";

/** The scripts and the arguments that each takes, in ARGV order. The headers of the files say the same. */
export const SCRIPT_ARGUMENTS = {
  take_jobs: ["taker", "turn", "lockMs", "count", "worker", "pipelines", "limitMax", "limitMs"],
  pass_on: [],
  end_jobs: ["jobs"],
  park_job: ["id", "token", "delayMs"],
  admit: ["requests"],
  settle: ["requests"],
  settle_fast: ["steps"],
  compare_jobs: [],
  put_jobs: ["jobs"],
  change_job: ["change"],
  change_skip: ["request"],
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
  tell_overdue: ["overdue"],
  save_step: ["step"],
  append_logs: ["writes"],
  delete_logs: ["request"],
  note_change: ["change"],
  read_changes: ["list", "before", "limit"],
  clean_ledger: ["cleanup"],
  add_backfill: ["plan"],
  change_backfill: ["request"],
  list_taken: ["limit"],
  read_definitions: [],
  read_jobs: [],
  read_days: [],
  export_jobs: ["stage", "cursor", "count"],
  list_step_runs: ["jobId", "offset", "limit"],
  import_records: ["step"],
  put_document: ["document"],
  delete_document: ["document"],
  read_documents: [],
  list_documents: ["start", "cursor", "limit"],
  list_jobs: ["query"],
  tally_jobs: ["query"],
} as const satisfies Record<string, readonly string[]>;

/** The arguments that every script takes first. */
export const COMMON_ARGUMENTS = ["prefix", "queuePrefix", "now", "maxEvents"] as const;

/** Files of one level of a script; see {@link nest}. */
type Level = readonly string[];

const KEYS: Level = ["lib", "keys"];
const QUEUE_JOBS: Level = ["lib", "queue_jobs"];
const SCHEDULE: Level = [...KEYS, "events", "queue_jobs", "schedule"];
const JOBS: Level = [...SCHEDULE, "last_run", "jobs", "marks", "roll_ups"];
/** Files that end with a table of their functions, made only in calls that use one of them. */
const LAZY: Level = [
  "changes",
  "conditions",
  "queued_runs",
  "wakeups",
  "groups",
  "backfills",
  "lists",
];
const isLazy: ReadonlySet<string> = new Set([...LAZY, "queueing", "marks"]);
/** Lazy, too, but known only behind it: a function takes at most 60 names from the functions around it. */
const isLocal: ReadonlySet<string> = new Set(["skips"]);

// One level less than there could be: a level may use at most 60 names of those around it.
const HELD: readonly Level[] = [JOBS, ["running_runs"]];
const QUEUED: readonly Level[] = [JOBS, ["running_runs", "ledger", ...LAZY]];
const RUNS: readonly Level[] = [...QUEUED, ["runs"]];
const DOCUMENTS: Level = ["lib", "documents"];
const FAST_PATH: readonly Level[] = [SCHEDULE, ["roll_ups", "ledger", "lists"], ["fast_path"]];
const LISTING: readonly Level[] = [[...KEYS, "lists", "last_run"], ["listing"]];

/** The name of a script. */
export type ScriptName = keyof typeof SCRIPT_ARGUMENTS;

/** The library files of the scripts that use more than `lib.lua`, by level. */
const LIBRARIES: Partial<Record<ScriptName, readonly Level[]>> = {
  take_jobs: FAST_PATH,
  pass_on: [QUEUE_JOBS],
  end_jobs: [QUEUE_JOBS],
  park_job: [QUEUE_JOBS],
  admit: [...RUNS, ["skips", "takeover", "placement"], ["queueing"], ["decide"]],
  settle: RUNS,
  settle_fast: FAST_PATH,
  compare_jobs: [KEYS],
  put_jobs: [...QUEUED, ["store_job"]],
  change_job: [...RUNS, ["scope", "skips", "placement"], ["queueing"]],
  change_skip: [...QUEUED, ["scope", "skips"]],
  remove_job: [...RUNS, ["scope", "skips"]],
  request_run: [...HELD, ["changes", "scope"]],
  hand_back: HELD,
  note_alive: HELD,
  suspend: RUNS,
  cancel_run: [...RUNS, ["scope"]],
  claim_jobs: [KEYS],
  fence_job: [KEYS],
  audit: [...QUEUED, ["documents"]],
  tell_overdue: [SCHEDULE],
  save_step: HELD,
  note_change: [SCHEDULE, ["changes"]],
  delete_logs: [KEYS, ["scope"]],
  clean_ledger: [KEYS, ["scope"]],
  add_backfill: [...QUEUED, ["scope"]],
  change_backfill: [...QUEUED, ["scope"]],
  read_definitions: [KEYS],
  read_jobs: [KEYS],
  read_days: [KEYS],
  export_jobs: [KEYS],
  import_records: [...QUEUED, ["skips", "store_job"]],
  put_document: [DOCUMENTS],
  delete_document: [DOCUMENTS],
  read_documents: [DOCUMENTS],
  list_documents: [DOCUMENTS],
  list_jobs: LISTING,
  tally_jobs: LISTING,
};

/** Scripts that are one text, of which a call runs one. */
interface Family {
  /** The libraries. A script stands inside the last of these levels that it has itself. */
  readonly levels: readonly Level[];
  readonly scripts: readonly ScriptName[];
}

/**
 * A server keeps every function of every text, and its garbage collector visits them all the time: with its libraries in each script
 * anew, they filled the processor's cache. What is called rarely, and so seldom loaded, stays alone.
 */
const FAMILIES: readonly Family[] = [
  { levels: FAST_PATH, scripts: ["take_jobs", "settle_fast"] },
  { levels: HELD, scripts: ["request_run", "hand_back", "note_alive", "save_step"] },
  { levels: RUNS, scripts: ["put_jobs", "audit", "admit", "settle", "suspend", "cancel_run"] },
];

function levelsOf(name: ScriptName): readonly Level[] {
  return [...(LIBRARIES[name] ?? [["lib"]]), [name]];
}

/** The files that make up a script, in their order. */
export function filesOf(name: ScriptName): readonly string[] {
  return levelsOf(name).flat();
}

/** Named arguments of a script. */
export type ScriptArguments<N extends ScriptName> = Readonly<
  Record<(typeof SCRIPT_ARGUMENTS)[N][number], string | number>
>;

interface LoadedScript {
  readonly lua: string;
  readonly sha: string;
  /** The arguments that say which script of the text is meant. */
  readonly which: readonly string[];
}

const loaded = new Map<ScriptName, LoadedScript>();

/**
 * Puts each level inside a function in the level before it. A server makes a script's functions anew at each call. Lua
 * searches for what a function uses of the function directly around it, and finds at once what comes from further out: as
 * one flat text the scripts took half as long again.
 */
function nest(levels: readonly Level[]): string {
  const texts = levels.map((files) => files.map(textOf).join(""));
  return texts.join("return (function()\n") + "end)()".repeat(texts.length - 1);
}

/** The text of a family from one of its levels on. Its scripts are told which of them to run by an argument behind all others. */
function familyText({ levels, scripts }: Family, depth = 0): string {
  const depthOf = (name: ScriptName): number => {
    const own = LIBRARIES[name] ?? [];
    return levels.filter((level, i) => level === own[i]).length;
  };
  const first = Math.min(...scripts.map(depthOf));
  const here = scripts.filter((name) => depthOf(name) === depth + 1);
  const branches = here.map(
    (name) =>
      `if SCRIPT == "${name}" then return (function()\n${nest(levelsOf(name).slice(depth + 1))}\nend)() end\n`,
  );
  const read = depth + 1 === first ? "local SCRIPT = table.remove(ARGV)\n" : "";
  const deeper =
    depth + 1 < levels.length
      ? `return (function()\n${familyText({ levels, scripts }, depth + 1)}end)()`
      : "";
  return [...(levels[depth] ?? []).map(textOf), read, ...branches, deeper].join("");
}

function textOf(file: string): string {
  const isOwn = isLocal.has(file);
  if (!isLazy.has(file) && !isOwn) return scriptText(file);
  const variable = file.replaceAll(/_./g, (letters) => letters.charAt(1).toUpperCase());
  return `${isOwn ? "local " : ""}${variable} = lazy(function()\n${scriptText(file)}end)\n`;
}

function load(name: ScriptName): LoadedScript {
  const known = loaded.get(name);
  if (known) return known;
  const family = FAMILIES.find(({ scripts }) => scripts.includes(name));
  const lua = family ? familyText(family) : nest(levelsOf(name));
  const sha = createHash("sha1").update(lua).digest("hex");
  const script = { lua, sha, which: family ? [name] : [] };
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
    const args = [
      ...this.#common(),
      ...names.map((argument) => input[argument]),
      ...more,
      ...script.which,
    ];
    try {
      return await this.#redis.evalsha(script.sha, 1, this.#anyKey, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return this.#redis.eval(script.lua, 1, this.#anyKey, ...args);
    }
  }
}
