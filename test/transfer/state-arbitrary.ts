import fc from "fast-check";
import type { Condition } from "../../src/conditions/condition.ts";
import type { Actor } from "../../src/jobs/actor.ts";
import type { JobDefinition, JobOverrides, Policy } from "../../src/jobs/definition.ts";
import { CHANGE_KINDS } from "../../src/jobs/noted-change.ts";
import { queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import { lastScheduledOf, type LedgerRow, type RunKind } from "../../src/jobs/ledger-row.ts";
import type {
  JobRecord,
  MovedBackfill,
  QueuedRun,
  UnfinishedRun,
} from "../../src/jobs/state-record.ts";
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

const groupArb = fc.record({
  key: fc.constantFrom("db", "ä:b {c}"),
  limit: fc.integer({ min: 1, max: 3 }),
});

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

const termArb = fc.oneof(
  fc.record({
    kind: fc.constantFrom("ok" as const, "failed" as const, "running" as const, "never" as const),
    jobId: fc.constantFrom("other", "none"),
  }),
  fc.record({
    kind: fc.constant("within" as const),
    jobId: fc.constant("other"),
    withinMs: fc.integer({ min: 1, max: DAY }),
  }),
);

const conditionArb: fc.Arbitrary<Condition> = fc.oneof(
  termArb,
  termArb.map((of) => ({ kind: "not" as const, of })),
  fc.record({
    kind: fc.constantFrom("and" as const, "or" as const),
    of: fc.tuple(termArb, termArb),
  }),
);

const policyArb: fc.Arbitrary<Policy> = fc.record({
  maxInstances: fc.integer({ min: 1, max: 10_000 }),
  coalesce: fc.boolean(),
  misfireGraceMs: fc.option(fc.integer({ min: 0, max: DAY })),
  maxCatchUp: fc.integer({ min: 1, max: 10_000 }),
  when: fc.option(
    fc.record(
      {
        condition: conditionArb,
        waitMs: fc.option(fc.integer({ min: 1, max: DAY })),
        sees: fc.array(fc.constantFrom("ann", "bob"), { maxLength: 2 }),
      },
      { requiredKeys: ["condition", "waitMs"] },
    ),
  ),
  overlap: fc.constantFrom("skip", "queue-one", "queue-all", "cancel-running"),
  group: fc.option(groupArb),
  retry: fc.option(
    fc.record({
      attempts: fc.integer({ min: 2, max: 1_000 }),
      backoff: fc.constantFrom("fixed" as const, "exponential" as const),
      delayMs: fc.integer({ min: 0, max: DAY }),
      maxDelayMs: fc.integer({ min: 0, max: DAY }),
      jitter: fc.constantFrom(0, 0.25, 1),
    }),
  ),
  pauseAfterFailures: fc.option(fc.integer({ min: 1, max: 10_000 })),
  timeoutMs: fc.option(fc.integer({ min: 1, max: DAY })),
  isolate: fc.constantFrom("none" as const, "process" as const),
});

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
  "logs",
  "secrets",
  "createdAt",
  "declared",
] as const satisfies (keyof JobDefinition)[];

const markShape = {
  by: fc.record(
    {
      kind: fc.constantFrom("user" as const, "system" as const),
      id: fc.constant("ada"),
      note: fc.constant("läuft"),
    },
    { requiredKeys: ["kind", "id"], noNullPrototype: true },
  ),
  at: timeArb,
};

const overridesArb: fc.Arbitrary<JobOverrides> = fc.record(
  {
    paused: fc.record({
      ...markShape,
      declared: fc.option(fc.record({ at: timeArb, reason: fc.option(textArb) })),
    }),
    params: fc.record({
      ...markShape,
      until: timeArb,
      declared: fc.record({ params: jsonArb, secrets: fc.constant([["token"]]) }),
    }),
    schedule: fc.record({
      ...markShape,
      until: timeArb,
      declared: fc.record({
        timezone: fc.constant("UTC"),
        trigger: triggerArb,
        jitter: fc.constant(null),
        firstRunAt: optionalTime,
      }),
    }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** Definitions of a job, usual and unusual. */
export const definitionArb = (id: string): fc.Arbitrary<JobDefinition> =>
  fc.record(
    {
      id: fc.constant(id),
      pipeline: fc.constantFrom("Report", "Aufräumen", "a:b {c}"),
      queue: fc.constantFrom("side"),
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
      policy: policyArb,
      retention: fc.record({
        count: fc.integer({ min: 100, max: 1_000_000 }),
        ageMs: fc.integer({ min: DAY, max: 1_000 * DAY }),
      }),
      logs: fc.record({
        maxBytes: fc.integer({ min: 0, max: 16_777_216 }),
        runs: fc.integer({ min: 1, max: 100_000 }),
        ageMs: fc.integer({ min: 0, max: 1_000 * DAY }),
      }),
      lockable: fc.constant(false as const),
      overrides: overridesArb,
      // Not the whole of the params: superseded definitions, which are made apart here, would be masked when they are read.
      secrets: fc.array(fc.array(textArb, { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
      createdAt: timeArb,
      declared: fc.record({ all: fc.constant("one"), schedule: fc.constant("two") }),
    },
    { requiredKeys: DEFINITION_KEYS, noNullPrototype: true },
  );

const generationArb = fc.integer({ min: 1, max: MAX_GENERATION });

function runIdArb(jobId: string, fireAt: number, isManual: boolean): fc.Arbitrary<string> {
  const kind = isManual ? "manual" : "occurrence";
  const sequence = isManual ? fc.integer({ min: 0, max: 10 ** 14 }) : generationArb;
  return sequence.map((number) => queueJobIdOf({ jobId, kind, sequence: number, fireAt }));
}

const errorArb = fc.record(
  { name: textArb, message: textArb, code: textArb, stack: textArb },
  { requiredKeys: ["name", "message"], noNullPrototype: true },
);

const factsArb = fc.record({
  lastVerdict: fc.constantFrom("succeeded", "failed", "cancelled", null),
  lastSuccessAt: optionalTime,
  successStreak: fc.integer({ min: 0, max: 9 }),
  running: fc.integer({ min: 0, max: 9 }),
  everRan: fc.boolean(),
});

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
          facts: fc.dictionary(fc.constantFrom("other", "a:b {c}", "none"), fc.option(factsArb), {
            noNullPrototype: true,
          }),
          coalescedInto: runIdArb(jobId, fireAt, false),
          result: jsonArb,
          error: errorArb,
        },
        { requiredKeys: ["id", "state", "kind", "fireAt", "dueAt"], noNullPrototype: true },
      ),
    );

const rowsArb = (jobId: string): fc.Arbitrary<LedgerRow[]> =>
  fc.uniqueArray(rowArb(jobId), { maxLength: 8, selector: ({ id }) => id });

/** All that a run has. */
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
  "attemptAt",
  "start",
  "attempt",
  "failures",
  "crashes",
  "isHandedBack",
  "worker",
] as const satisfies (keyof UnfinishedRun)[];

const suspendedArb = fc.record(
  { kind: fc.constantFrom("retry" as const, "sleep" as const), until: timeArb, error: errorArb },
  { requiredKeys: ["kind", "until"], noNullPrototype: true },
);

function queueJobIdArb(
  jobId: string,
  kind: RunKind,
  fireAt: number,
): fc.Arbitrary<{ queueJobId: string; id: string }> {
  if (kind === "backfill") {
    const id = queueJobIdOf({ jobId, kind, sequence: 0, fireAt });
    return fc.constant({ id, queueJobId: id });
  }
  const isManual = kind === "manual";
  const call = generationArb.map((sequence) =>
    queueJobIdOf({ jobId, kind: "wakeup", sequence, fireAt }),
  );
  const queueJobId = fc.oneof(runIdArb(jobId, fireAt, isManual), call);
  return fc.record({ queueJobId, id: runIdArb(jobId, fireAt, isManual) });
}

const runArb = (jobId: string): fc.Arbitrary<UnfinishedRun> =>
  fc
    .record({ fireAt: timeArb, kind: fc.constantFrom("scheduled", "manual", "backfill") })
    .chain(({ fireAt, kind }) =>
      fc.tuple(
        queueJobIdArb(jobId, kind, fireAt),
        fc.record(
          {
            kind: fc.constant(kind),
            pipeline: fc.constantFrom("Report", "Old"),
            fireAt: fc.constant(fireAt),
            dueAt: timeArb,
            fromAt: timeArb,
            count: fc.integer({ min: 1, max: 1_000 }),
            startedAt: timeArb,
            attemptAt: timeArb,
            start: fc.integer({ min: 1, max: 99 }),
            attempt: fc.integer({ min: 1, max: 9 }),
            failures: fc.integer({ min: 0, max: 9 }),
            crashes: fc.integer({ min: 0, max: 3 }),
            isHandedBack: fc.boolean(),
            worker: textArb,
            group: fc.constantFrom("db", "before"),
            suspended: suspendedArb,
            cancel: textArb,
            params: jsonArb,
          },
          {
            requiredKeys: RUN_KEYS.filter((key) => key !== "id" && key !== "queueJobId"),
            noNullPrototype: true,
          },
        ),
      ),
    )
    .map(([ids, run]) => Object.assign(ids, run));

const runsArb = (jobId: string): fc.Arbitrary<UnfinishedRun[]> =>
  fc.uniqueArray(runArb(jobId), { maxLength: 2, selector: ({ queueJobId }) => queueJobId });

const queuedArb = (jobId: string): fc.Arbitrary<QueuedRun[]> =>
  fc
    .uniqueArray(
      fc.record({ fireAt: timeArb, isManual: fc.boolean() }).chain(({ fireAt, isManual }) =>
        fc.record(
          {
            id: runIdArb(jobId, fireAt, isManual),
            kind: fc.constant(isManual ? ("manual" as const) : ("scheduled" as const)),
            fireAt: fc.constant(fireAt),
            dueAt: timeArb,
            fromAt: timeArb,
            count: fc.integer({ min: 1, max: 1_000 }),
            params: jsonArb,
            ignoreCondition: fc.constant(true as const),
            waitUntil: timeArb,
          },
          {
            requiredKeys: ["id", "kind", "fireAt", "dueAt", "fromAt", "count"],
            noNullPrototype: true,
          },
        ),
      ),
      { maxLength: 4, selector: ({ fireAt }) => fireAt },
    )
    .map((queued) => queued.toSorted((a, b) => a.fireAt - b.fireAt));

/** One that is active and has nothing left would be found to be over. */
const backfillArb: fc.Arbitrary<MovedBackfill> = fc
  .record({
    backfillId: fc.uuid(),
    state: fc.constantFrom("adding", "active", "paused", "finished", "cancelled"),
    total: fc.integer({ min: 0, max: 100_000 }),
    concurrency: fc.integer({ min: 1, max: 3 }),
    order: fc.constantFrom("oldest" as const, "latest" as const),
    verdicts: fc.dictionary(
      fc.constantFrom("succeeded", "failed", "cancelled"),
      fc.integer({ min: 0, max: 1_000 }),
      { noNullPrototype: true },
    ),
    createdAt: timeArb,
    touchedAt: timeArb,
    fireTimes: fc.uniqueArray(timeArb, { minLength: 1, maxLength: 6 }),
  })
  .map(({ state, fireTimes, ...rest }) => {
    const isOver = state === "finished" || state === "cancelled";
    const left = isOver ? [] : fireTimes.toSorted((a, b) => a - b);
    return Object.assign(rest, { state, fireTimes: left });
  });

const stepsArb = (jobId: string, runIds: readonly string[]): fc.Arbitrary<Content[]> =>
  runIds.length === 0
    ? fc.constant([])
    : fc.uniqueArray(
        fc.record({
          kind: fc.constant("step" as const),
          jobId: fc.constant(jobId),
          runId: fc.constantFrom(...runIds),
          step: fc.record(
            {
              name: fc.constantFrom("load", "ünïcode \u0000", "$sleep:1", "$progress"),
              kind: fc.constantFrom("step" as const, "sleep" as const, "progress" as const),
              startedAt: timeArb,
              finishedAt: timeArb,
              tries: fc.integer({ min: 0, max: 9 }),
              attempt: fc.integer({ min: 1, max: 9 }),
              resultJson: jsonArb.map((value) => JSON.stringify(value)),
              error: errorArb,
            },
            {
              requiredKeys: ["name", "kind", "startedAt", "finishedAt", "tries", "attempt"],
              noNullPrototype: true,
            },
          ),
        }),
        { maxLength: 5, selector: ({ runId, step }) => `${runId} ${step.name}` },
      );

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
                id: fc.boolean().chain((isManual) => runIdArb(id, START, isManual)),
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
          lastScheduledRun: fc.option(
            fc.record(
              {
                id: runIdArb(id, START, false),
                verdict: fc.constantFrom(...VERDICTS),
                fireAt: timeArb,
                startedAt: timeArb,
                finishedAt: timeArb,
              },
              { noNullPrototype: true },
            ),
          ),
          lastSuccessAt: optionalTime,
          failuresInARow: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
          successStreak: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
          queued: queuedArb(id),
          runs: runsArb(id),
          backfill: fc.option(backfillArb),
          cleanedTo: fc.option(timeArb, { nil: undefined }),
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
              ignoreCondition: fc.constant(true as const),
            },
            { requiredKeys: ["kind", "jobId", "runId", "fireAt"], noNullPrototype: true },
          ),
        ),
        { maxLength: 3, selector: ({ runId }) => runId },
      ),
    })
    .chain(({ record, rows, requests }) => {
      const runIds = [...new Set([...record.runs, ...rows].map((run) => run.id))];
      return fc
        .tuple(stepsArb(id, runIds), revisionsArb(record.definition))
        .map(([steps, revisions]) =>
          [[consistent(record)], requests, steps, ledgerOf(id, rows), revisions].flat(),
        );
    });

/** Changes of a job, some with the definition that they superseded. */
function revisionsArb(definition: JobDefinition): fc.Arbitrary<Content[]> {
  const superseded = { ...definition, declared: { all: "unknown", schedule: "unknown" } };
  const revision = fc.record(
    {
      at: timeArb,
      by: fc.constantFrom<Actor>(
        { kind: "user", id: "ann", note: "too loud" },
        { kind: "system", id: "pauseAfterFailures" },
      ),
      what: fc.constantFrom(...CHANGE_KINDS),
      reason: fc.string({ maxLength: 20 }),
      differences: fc.array(fc.record({ field: textArb, from: textArb, to: textArb }), {
        minLength: 1,
        maxLength: 3,
      }),
      bulk: fc.uuid(),
      count: fc.nat(1_000),
      before: fc.record(
        {
          revision: fc.nat(MAX_GENERATION),
          state: fc.constantFrom("active", "paused", "finished", "removed" as const),
          definition: fc.constant(superseded),
          until: timeArb,
          watermark: timeArb,
        },
        { requiredKeys: ["revision", "state", "until", "watermark"] },
      ),
    },
    { requiredKeys: ["at", "by", "what"] },
  );
  return fc
    .array(revision, { maxLength: 3 })
    .map((revisions) =>
      revisions.map((one) => ({ kind: "revision", jobId: definition.id, revision: one })),
    );
}

/** The last run, if the schedule began it, is the last that it began; without a last run there is none of either. */
function consistent({
  cleanedTo,
  ...job
}: Omit<JobRecord, "cleanedTo"> & { cleanedTo: number | undefined }): JobRecord {
  const { lastRun } = job;
  const before = lastRun ? job.lastScheduledRun : null;
  const cleaned = cleanedTo === undefined ? {} : { cleanedTo };
  return { ...job, ...cleaned, lastScheduledRun: lastScheduledOf(lastRun, before) };
}

const removedJobArb = (id: string): fc.Arbitrary<Content[]> =>
  fc
    .record({
      isBeside: fc.boolean(),
      runs: runsArb(id),
      rows: rowsArb(id),
      // Beyond the present: an expired ledger is gone.
      keepUntil: fc.integer({ min: Date.UTC(2100, 0, 1), max: Date.UTC(2101, 0, 1) }),
    })
    .filter(({ runs, rows }) => runs.length + rows.length > 0)
    .map(({ runs, rows, keepUntil, isBeside }): Content[] => {
      const endsAt = rows.length > 0 ? keepUntil : null;
      const queue = isBeside ? { queue: "side" } : {};
      const owner: Content = { kind: "removed-job", jobId: id, keepUntil: endsAt, runs, ...queue };
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
