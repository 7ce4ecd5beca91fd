// The machine in SQL decides as the reference does, and what it asks is what stands in the tables.
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { compileCondition } from "../../src/conditions/compile.ts";
import { jobsIn } from "../../src/conditions/condition.ts";
import type { JobFacts } from "../../src/conditions/facts.ts";
import { schemasOf } from "../../src/engine/postgres/schema-name.ts";
import { conditions, conditionsOver } from "../conditions/arbitraries.ts";
import { TestEngine } from "../contract/test-engine.ts";
import { runCondition } from "../conditions/run-condition.ts";

const prefix = `conditions-${randomUUID().slice(0, 8)}`;
const bench = new TestEngine(inject("postgresUrl"), prefix);
const sql = new pg.Client({
  connectionString: inject("postgresUrl"),
  options: `-c search_path="${schemasOf(prefix).own}"`,
});

beforeAll(async () => {
  await bench.engine.open();
  await sql.connect();
}, 60_000);

afterAll(async () => {
  await sql.end();
  await bench.engine.close();
});

const NOW = 1_800_000_000_000;
const instants = fc.oneof(
  fc.integer({ min: NOW - 20_000, max: NOW }),
  fc.integer({ min: 0, max: NOW }),
);
const anyFacts: fc.Arbitrary<JobFacts> = fc.record({
  lastVerdict: fc.constantFrom("succeeded", "failed", "cancelled", null),
  lastSuccessAt: fc.option(instants),
  successStreak: fc.integer({ min: 0, max: 4 }),
  running: fc.integer({ min: 0, max: 2 }),
  everRan: fc.boolean(),
});

test("any program comes to the same value on any facts", async () => {
  const example = conditions.chain((condition) =>
    fc.record({
      condition: fc.constant(condition),
      facts: fc.tuple(...jobsIn(condition).map(() => fc.option(anyFacts, { freq: 4 }))),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(example, { minLength: 20, maxLength: 40 }), async (examples) => {
      const cases = examples.map(({ condition, facts }) => {
        const known = new Map(jobsIn(condition).map((id, i) => [id, facts[i] ?? null]));
        return { program: compileCondition(condition), known };
      });
      const { rows } = await sql.query<{ value: boolean | null }>(
        `SELECT run_program(value -> 'program', value -> 'facts', $2) AS value
         FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY ORDER BY ordinality`,
        [
          JSON.stringify(
            cases.map(({ program, known }) => ({ program, facts: Object.fromEntries(known) })),
          ),
          NOW,
        ],
      );
      expect(rows.map(({ value }) => value === true)).toEqual(
        cases.map(({ program, known }) =>
          runCondition(program, (id) => known.get(id) ?? undefined, NOW),
        ),
      );
    }),
    { numRuns: 150 },
  );
}, 120_000);

test("the facts are those of the tables, for jobs that are there and that are not", async () => {
  const ids = [`a "quoted" one`, "b\\c", "ü", "d"];
  for (const id of ids.slice(0, 3)) await bench.addJob({ id });
  const states = fc.tuple(anyFacts, anyFacts, anyFacts);
  const asked = conditionsOver(fc.constantFrom(...ids), fc.integer({ min: 1, max: 30_000 }));
  await fc.assert(
    fc.asyncProperty(states, fc.array(asked, { minLength: 5 }), async (facts, some) => {
      const stored = new Map<string, JobFacts>();
      for (const [i, fact] of facts.entries()) {
        const id = ids[i] ?? "";
        // A run that is over, or goes on, is one that ever was.
        const everRan = fact.lastVerdict !== null || fact.running > 0;
        stored.set(id, { ...fact, everRan });
        await sql.query(
          `UPDATE jobs SET last_run = $2, last_success_at = $3, success_streak = $4 WHERE id = $1`,
          [
            id,
            fact.lastVerdict === null ? null : { verdict: fact.lastVerdict },
            fact.lastSuccessAt,
            fact.successStreak,
          ],
        );
        await sql.query("DELETE FROM running_runs WHERE job_id = $1", [id]);
        await sql.query(
          `INSERT INTO running_runs (job_id, queue_job_id, run_id, kind, pipeline, fire_at, due_at, from_at, count,
             started_at, attempt_at, start, attempt, failures, crashes, worker, take)
           SELECT $1, n::text, n::text, CASE n WHEN 1 THEN 'scheduled' ELSE 'backfill' END, 'P', 0, 0, 0, 1, 0, 0, 1, 1,
             0, 0, '', '' FROM generate_series(1, $2::integer) AS n`,
          [id, fact.running],
        );
      }
      for (const condition of some) {
        const program = JSON.stringify(compileCondition(condition));
        const { rows } = await sql.query<{ facts: Record<string, JobFacts | null> }>(
          "SELECT facts_of($1::jsonb, NULL) AS facts",
          [program],
        );
        const expected = jobsIn(condition).map((id) => [id, stored.get(id) ?? null]);
        expect(rows[0]?.facts).toEqual(Object.fromEntries(expected));
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);

test("a program expires when the first of its successes that are recent enough is not any more", async () => {
  const facts = { a: NOW - 1_000, b: NOW - 5_000, c: null } as const;
  const program = [
    ["within", "a", 9_000],
    ["within", "b", 7_000],
    ["or"],
    ["within", "b", 4_000],
    ["or"],
    ["within", "c", 1],
    ["or"],
    ["within", "d", 1],
    ["or"],
  ];
  const known = Object.fromEntries(
    Object.entries(facts).map(([id, lastSuccessAt]) => [id, { lastSuccessAt }]),
  );
  const { rows } = await sql.query<{ at: string | null; never: string | null }>(
    'SELECT program_expires_at($1::jsonb, $2::jsonb, $3) AS at, program_expires_at(\'[["ok","a"]]\', $2::jsonb, $3) AS never',
    [JSON.stringify(program), JSON.stringify({ ...known, d: null }), NOW],
  );
  expect(rows).toEqual([{ at: String(NOW + 2_001), never: null }]);
});
