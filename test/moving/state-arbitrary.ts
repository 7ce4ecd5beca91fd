import fc from "fast-check";
import type { JobDefinition } from "../../src/jobs/definition.ts";
import { wakeUpId } from "../../src/jobs/occurrence-id.ts";
import type { LedgerRow } from "../../src/jobs/run.ts";
import type { UnfinishedRun } from "../../src/jobs/state-record.ts";
import { SKIP_REASONS, VERDICTS } from "../../src/jobs/verdict.ts";
import type { TriggerSpec } from "../../src/triggers/spec.ts";
import { type Content, stateText } from "./state-text.ts";

/** A Sunday long ago: nothing of a state depends on when it was made. */
const START = Date.UTC(2026, 2, 1, 12);
const DAY = 86_400_000;
const MAX_GENERATION = 5_000;

const timeArb = fc.integer({ min: START, max: START + 40 * DAY });
const optionalTime = fc.option(timeArb);
const textArb = fc.string({ unit: "grapheme", maxLength: 40 });
const jsonArb = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)));

/** Characters that ids may have and that stores or their patterns could take for something else. */
const idArb = fc
  .string({
    unit: fc.constantFrom(...Array.from("ab0 _.:@/+=~#%-äß漢")),
    minLength: 1,
    maxLength: 20,
  })
  .map((text) => `j${text}j`);

const triggerArb: fc.Arbitrary<TriggerSpec> = fc.oneof(
  fc.record({
    kind: fc.constant("interval" as const),
    timezone: fc.constant("UTC"),
    everyMs: fc.integer({ min: 1_000, max: DAY }),
    anchorAt: timeArb,
  }),
  fc.record({
    kind: fc.constant("cron" as const),
    timezone: fc.constantFrom("UTC", "Europe/Berlin", "America/St_Johns"),
    fields: fc.integer({ min: 0, max: 23 }).map((hour) => ({
      year: "*",
      month: "*",
      day: "*",
      week: "*",
      dayOfWeek: "*",
      hour: String(hour),
      minute: "0",
      second: "0",
    })),
    dayMatch: fc.constantFrom("all" as const, "any" as const),
    dst: fc.constantFrom("once" as const, "wall-clock" as const),
  }),
);

/** All but those that a definition may lack. */
const DEFINITION_KEYS = [
  "id",
  "pipeline",
  "tags",
  "params",
  "timezone",
  "trigger",
  "jitter",
  "firstRunAt",
  "policy",
  "retention",
  "createdAt",
  "declared",
] as const satisfies (keyof JobDefinition)[];

const definitionArb = (id: string): fc.Arbitrary<JobDefinition> =>
  fc.record(
    {
      id: fc.constant(id),
      pipeline: fc.constantFrom("Report", "Aufräumen", "a:b {c}"),
      description: textArb,
      tags: fc.uniqueArray(fc.constantFrom("eu", "nightly", "x y"), { maxLength: 3 }),
      params: jsonArb,
      timezone: fc.constantFrom("UTC", "Europe/Berlin"),
      trigger: triggerArb,
      calendars: fc.constant<NonNullable<JobDefinition["calendars"]>>({
        work: {
          timezone: "Europe/Berlin",
          only: { windows: [{ days: ["mon"], from: "09:00", to: "17:00" }] },
        },
      }),
      jitter: fc.option(
        fc.record({ kind: fc.constant("ms" as const), ms: fc.integer({ min: 0, max: 900 }) }),
      ),
      firstRunAt: optionalTime,
      policy: fc.record({
        maxInstances: fc.integer({ min: 1, max: 10_000 }),
        coalesce: fc.boolean(),
        misfireGraceMs: fc.option(fc.integer({ min: 0, max: DAY })),
        maxCatchUp: fc.integer({ min: 1, max: 10_000 }),
      }),
      retention: fc.record({
        count: fc.integer({ min: 100, max: 1_000_000 }),
        ageMs: fc.integer({ min: DAY, max: 1_000 * DAY }),
      }),
      createdAt: timeArb,
      declared: fc.record({ all: fc.constant("one"), schedule: fc.constant("two") }),
    },
    { requiredKeys: DEFINITION_KEYS, noNullPrototype: true },
  );

const generationArb = fc.integer({ min: 1, max: MAX_GENERATION });

function runIdArb(jobId: string, fireAt: number, isManual: boolean): fc.Arbitrary<string> {
  const kind = isManual ? "manual" : "occurrence";
  const sequence = isManual ? fc.integer({ min: 0, max: 10 ** 14 }) : generationArb;
  return sequence.map((number) => wakeUpId({ jobId, kind, sequence: number, fireAt }));
}

const errorArb = fc.record(
  { name: textArb, message: textArb, code: textArb, stack: textArb },
  { requiredKeys: ["name", "message"], noNullPrototype: true },
);

const rowArb = (jobId: string): fc.Arbitrary<LedgerRow> =>
  fc
    .record({
      fireAt: timeArb,
      isManual: fc.boolean(),
      jitterMs: fc.integer({ min: 0, max: 999 }),
    })
    .chain(({ fireAt, isManual, jitterMs }) =>
      fc.record(
        {
          id: runIdArb(jobId, fireAt, isManual),
          state: fc.constantFrom(...VERDICTS),
          kind: fc.constant(isManual ? ("manual" as const) : ("scheduled" as const)),
          fireAt: fc.constant(fireAt),
          dueAt: fc.constant(fireAt + jitterMs),
          fromAt: timeArb,
          count: fc.integer({ min: 2, max: 2 ** 31 - 1 }),
          decidedAt: timeArb,
          startedAt: timeArb,
          finishedAt: timeArb,
          attempt: fc.integer({ min: 1, max: 9 }),
          worker: textArb,
          reason: fc.constantFrom(...SKIP_REASONS),
          coalescedInto: runIdArb(jobId, fireAt, false),
          result: jsonArb,
          error: errorArb,
        },
        { requiredKeys: ["id", "state", "kind", "fireAt", "dueAt"], noNullPrototype: true },
      ),
    );

const rowsArb = (jobId: string): fc.Arbitrary<LedgerRow[]> =>
  fc.uniqueArray(rowArb(jobId), { maxLength: 8, selector: ({ id }) => id });

/** All but `params`. */
const RUN_KEYS = [
  "queueJobId",
  "id",
  "kind",
  "pipeline",
  "fireAt",
  "dueAt",
  "fromAt",
  "count",
  "startedAt",
  "attempt",
  "crashes",
  "isHandedBack",
  "worker",
] as const satisfies (keyof UnfinishedRun)[];

const runArb = (jobId: string): fc.Arbitrary<UnfinishedRun> =>
  fc.record({ fireAt: timeArb, isManual: fc.boolean() }).chain(({ fireAt, isManual }) =>
    fc.record(
      {
        queueJobId: isManual
          ? runIdArb(jobId, fireAt, true)
          : fc.oneof(
              runIdArb(jobId, fireAt, false),
              generationArb.map((sequence) =>
                wakeUpId({ jobId, kind: "continuation", sequence, fireAt }),
              ),
            ),
        id: runIdArb(jobId, fireAt, isManual),
        kind: fc.constant(isManual ? ("manual" as const) : ("scheduled" as const)),
        pipeline: fc.constantFrom("Report", "Old"),
        fireAt: fc.constant(fireAt),
        dueAt: timeArb,
        fromAt: timeArb,
        count: fc.integer({ min: 1, max: 1_000 }),
        startedAt: timeArb,
        attempt: fc.integer({ min: 1, max: 9 }),
        crashes: fc.integer({ min: 0, max: 3 }),
        isHandedBack: fc.boolean(),
        worker: textArb,
        params: jsonArb,
      },
      {
        requiredKeys: RUN_KEYS,
        noNullPrototype: true,
      },
    ),
  );

const runsArb = (jobId: string): fc.Arbitrary<UnfinishedRun[]> =>
  fc.uniqueArray(runArb(jobId), { maxLength: 2, selector: ({ queueJobId }) => queueJobId });

const jobArb = (id: string): fc.Arbitrary<Content[]> =>
  fc
    .record({
      record: fc.record(
        {
          kind: fc.constant("job" as const),
          definition: definitionArb(id),
          state: fc.constantFrom("active" as const, "paused" as const, "finished" as const),
          watermark: timeArb,
          pausedAt: optionalTime,
          pausedReason: fc.option(textArb),
          finishedAt: optionalTime,
          counts: fc.dictionary(
            fc.constantFrom(...VERDICTS),
            fc.integer({ min: 0, max: 2 ** 40 }),
            {
              noNullPrototype: true,
            },
          ),
          lastRun: fc.option(
            fc.record(
              {
                id: runIdArb(id, START, false),
                verdict: fc.constantFrom(...VERDICTS),
                fireAt: timeArb,
                startedAt: timeArb,
                finishedAt: timeArb,
                result: jsonArb,
              },
              {
                requiredKeys: ["id", "verdict", "fireAt", "startedAt", "finishedAt"],
                noNullPrototype: true,
              },
            ),
          ),
          lastSuccessAt: optionalTime,
          failuresInARow: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
          queued: fc
            .uniqueArray(
              fc.record({ fireAt: timeArb, dueAt: timeArb, generation: generationArb }),
              {
                maxLength: 4,
                selector: ({ fireAt }) => fireAt,
              },
            )
            .map((queued) => queued.toSorted((a, b) => a.fireAt - b.fireAt)),
          runs: runsArb(id),
        },
        { noNullPrototype: true },
      ),
      rows: rowsArb(id),
      requests: fc.uniqueArray(
        timeArb.chain((fireAt) =>
          fc.record(
            {
              kind: fc.constant("request" as const),
              jobId: fc.constant(id),
              runId: runIdArb(id, fireAt, true),
              fireAt: fc.constant(fireAt),
              params: jsonArb,
            },
            { requiredKeys: ["kind", "jobId", "runId", "fireAt"], noNullPrototype: true },
          ),
        ),
        { maxLength: 3, selector: ({ runId }) => runId },
      ),
    })
    .map(({ record, rows, requests }) => [[record], requests, ledgerOf(id, rows)].flat());

const removedJobArb = (id: string): fc.Arbitrary<Content[]> =>
  fc
    .record({
      runs: runsArb(id),
      rows: rowsArb(id),
      // Beyond the present: an expired ledger is gone.
      keepUntil: fc.integer({ min: Date.UTC(2100, 0, 1), max: Date.UTC(2101, 0, 1) }),
    })
    .filter(({ runs, rows }) => runs.length + rows.length > 0)
    .map(({ runs, rows, keepUntil }): Content[] => {
      const endsAt = rows.length > 0 ? keepUntil : null;
      const owner: Content = { kind: "removed-job", jobId: id, keepUntil: endsAt, runs };
      return [[owner], ledgerOf(id, rows)].flat();
    });

function ledgerOf(jobId: string, rows: readonly LedgerRow[]): Content[] {
  return rows.map((row) => ({ kind: "ledger", jobId, row }));
}

/** States of jobs whose ids begin with `begin`. */
export function stateArb(begin: string): fc.Arbitrary<string> {
  return fc
    .uniqueArray(idArb, { maxLength: 5 })
    .chain((ids) =>
      fc.tuple(
        ...ids.map((id) => fc.oneof(jobArb(`${begin}${id}`), removedJobArb(`${begin}${id}`))),
      ),
    )
    .map((groups) => stateText(groups.flat(), MAX_GENERATION));
}
