// Redis' scripts and PostgreSQL's functions say the same in two languages. A reader lays them side by side, so both have
// files and functions of the same names in the same order, but for what one language has no use for.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  FUNCTION_ARGUMENT,
  LIBRARIES as SQL_LIBRARIES,
  READERS,
} from "../../src/engine/postgres/functions.ts";
import { filesOf, SCRIPT_ARGUMENTS, type ScriptName } from "../../src/engine/redis/scripts.ts";
import { EVENT_BITS } from "../../src/jobs/event.ts";

/** Scripts without a function. */
const SCRIPTS_ALONE = {
  compare_jobs: "`put_jobs` of PostgreSQL compares what is stored by itself",
  list_jobs: "PostgreSQL lists by statements of `postgres-job-lists.ts`",
  now: "PostgreSQL reads `server_now`, which its other functions use too",
  pass_on: "PostgreSQL signals all workers that listen, Redis one",
  read_definitions: "PostgreSQL reads whole jobs, by `read_jobs`",
  settle_fast: "PostgreSQL has no fast path",
  tally_jobs: "PostgreSQL counts by statements of `postgres-job-lists.ts`",
};

/** Functions without a script. Redis has commands for these. */
const FUNCTIONS_ALONE = [
  "append_events",
  "keep_partitions",
  "list_open_runs",
  "list_runs",
  "read_backfill",
  "read_revisions",
  "read_cancels",
  "read_cleaned_to",
  "read_events",
  "read_hours",
  "read_ledger",
  "read_ledgers",
  "read_logs",
  "read_open_runs",
  "read_steps",
];

/** Libraries of one side only. */
const LIBRARIES_ALONE = {
  keys: "tables have names already",
  last_run: "columns need no codec",
  fast_path: "PostgreSQL has no fast path",
  lists: "tables have indexes",
  listing: "PostgreSQL plans by itself how to find what fits",
  store_job: "PostgreSQL inserts rows where it stores jobs",
  locks: "a script is alone on its server",
  documents: "no part of a decision, so `admit` is made without it",
  scope: "no part of a decision, so `admit` is made without it",
};

/** Helpers in libraries that both have, of one side only. */
const HELPERS_ALONE: Readonly<Record<string, readonly string[]>> = {
  "Lua: arguments, numbers, ids and counters": [
    "lazy",
    "clock",
    "number_text",
    "encode_job_id",
    "decode_job_id",
    "next_sequence",
    "raise_sequence",
    "optional",
  ],
  "Lua: reading and writing what a key holds": [
    "read_job",
    "held_key",
    "write_held",
    "read_held",
    "retries_of",
    "read_queued",
    "find_queued",
    "is_job_in_scope",
    "each_queued",
    "group_line_key",
    "line_member",
    "is_in_line",
    "document_key",
    "drop_document",
    "keep_places",
    "last_run",
    "backfill_run_id",
    "read_backfill",
    "add_fire_time",
    "drop_backfill_jobs",
    "record_text",
    "note_decided",
    "note_handed_over",
    "append_decided",
    "alone_text",
    "texts_of",
  ],
  "Lua: roll-ups are texts, and the latest is apart": [
    "mark_of",
    "add_mark",
    "greater_of",
    "raise_max",
    "join",
    "drop_old_days",
    "keep_day",
    "add_to_day",
    "add_to_hour",
    "count_fast",
    "write_days",
    "close_days",
    "keep_hour",
    "write_hour",
  ],
  "SQL: roll-ups are appended, and folded later": ["fold_roll_ups", "drop_old_roll_ups"],
  "Lua: what is one statement in SQL, or part of one": [
    "is_seen",
    "merge_into",
    "add_to_job",
    "skips_key",
    "add_skip",
    "forget_skip",
    "on_request",
    "place_next",
    "end_schedule",
    "keep_ledger_until",
    "drop_expired",
    "drop_turn_of_nobody",
    "decide_one",
    "keep_scheduled",
    "count_run",
    "leave_alone",
    "cut_text",
    "condition_false",
    "queue_run",
    "wake_in_turn",
    "import_queue_job",
  ],
  "Lua: `live` and `op`, where SQL reads its tables": ["note_waiting", "release_if_idle"],
  "Lua: what a script does last, where SQL's functions end each in their own way": [
    "emit",
    "finish",
  ],
  "Lua: BullMQ's structures on Redis": [
    "write_queue_job",
    "release_queue_job",
    "end_queue_job",
    "signal_workers",
  ],
  "Lua: one job's backfill; SQL audits all of them in one statement": ["audit_backfill"],
  "SQL: many at once": ["end_queue_jobs", "drop_queue_jobs", "wake_groups", "audit_backfills"],
  "SQL: what is a field or a table in Lua": [
    "is_held_up",
    "ask",
    "program_expires_at",
    "owner_field",
  ],
  "SQL: from one type of row to another": ["occurrence_of", "event_of_run"],
  "SQL: a row as JSON, where a table of Lua is that": ["written_document"],
  "SQL: a row that Lua's `lists.enter` has no use for": ["list_job"],
  "SQL: events are returned and joined": ["append_row", "join_events"],
  "SQL: audits take locks first": ["feed_idle_backfills"],
};

const read = (path: string): string =>
  readFileSync(new URL(`../../src/engine/${path}`, import.meta.url), "utf8");
const luaOf = (file: string): string => read(`redis/scripts/${file}.lua`);
const sqlOf = (file: string): string => read(`postgres/sql/functions/${file}.sql`);
const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, name = ""]) => name);
const snake = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const scripts = Object.keys(SCRIPT_ARGUMENTS) as ScriptName[];
const luaLibraries = [...new Set(scripts.flatMap(filesOf))].filter(
  (file) => !scripts.some((script) => script === file),
);
const shared = SQL_LIBRARIES.filter((file) => luaLibraries.includes(file));

const helpers = shared.map((file) => ({
  file,
  lua: all(luaOf(file), /^local function (\w+)/gm).map(snake),
  sql: all(sqlOf(file), /^CREATE FUNCTION (\w+)/gm),
}));

test("every script has a function of the same name, and every function a script", () => {
  const readers = READERS.flatMap((file) =>
    all(sqlOf(file), /^CREATE FUNCTION (\w+)(?=[^;]*?SET search_path FROM CURRENT AS)/gm),
  );
  const functions = [...Object.keys(FUNCTION_ARGUMENT), ...readers];
  const expected = functions.filter((name) => !FUNCTIONS_ALONE.includes(name));
  expect(FUNCTIONS_ALONE.filter((name) => !functions.includes(name))).toEqual([]);
  expect(scripts.filter((name) => !Object.hasOwn(SCRIPTS_ALONE, name)).toSorted()).toEqual(
    expected.toSorted(),
  );
});

test("what both share is divided into files of the same names, in the same order", () => {
  const isShared = (file: string): boolean => !Object.hasOwn(LIBRARIES_ALONE, file);
  expect(luaLibraries.filter(isShared).toSorted()).toEqual(
    SQL_LIBRARIES.filter(isShared).toSorted(),
  );
  const admit = filesOf("admit").filter(isShared);
  expect(admit.slice(0, -1)).toEqual(SQL_LIBRARIES.filter(isShared));
});

describe("helpers", () => {
  test.each(helpers)("of $file have the same order", ({ lua, sql }) => {
    expect(lua.filter((name) => sql.includes(name))).toEqual(
      sql.filter((name) => lua.includes(name)),
    );
  });

  test("have the same names", () => {
    const alone = helpers.flatMap(({ lua, sql }) =>
      [...lua, ...sql].filter((name) => !lua.includes(name) || !sql.includes(name)),
    );
    expect(alone.toSorted()).toEqual(Object.values(HELPERS_ALONE).flat().toSorted());
  });
});

/** The words in quotes of one function. */
function wordsOf(text: string, start: string, end: RegExp): string[] {
  const body = text.slice(text.indexOf(start)).split(end)[0] ?? "";
  return [...new Set(all(body, /(?:return|THEN|ELSE|:=) ["']([a-z]+)["']/g))].toSorted();
}

test.each([
  ["placement", "placeOf", ["condition", "full", "queue", "replace", "start"]],
  ["queueing", "fateOf", ["condition", "late", "start", "wait"]],
])("in %s, %s answers with the same words", (file, name, words) => {
  expect(wordsOf(luaOf(file), `local function ${name}(`, /\nend\n/)).toEqual(words);
  expect(wordsOf(sqlOf(file), `CREATE FUNCTION ${snake(name)}(`, /\n\$\$;\n/)).toEqual(words);
});

test("both send the same events", () => {
  const sent = (folder: string, ending: string): string[] => {
    const root = new URL(`../../src/engine/${folder}/`, import.meta.url);
    const files = readdirSync(root).filter((file) => file.endsWith(ending));
    const texts = files.map((file) => readFileSync(new URL(file, root), "utf8"));
    return [...new Set(texts.flatMap((text) => text.match(/\bJOB_[A-Z_]+/g) ?? []))].toSorted();
  };
  const lua = sent("redis/scripts", ".lua");
  expect(lua).toEqual(sent("postgres/sql/functions", ".sql"));
  expect(lua.filter((name) => !Object.hasOwn(EVENT_BITS, name))).toEqual([]);
  expect(lua.length).toBeGreaterThan(10);
});
