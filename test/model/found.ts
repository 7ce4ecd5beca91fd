// Minimal sequences that the property found: each was once a defect.
import { type Step } from "./step.ts";

/** What happens at the same time; `choices` as for the callOrder. */
interface Happening {
  readonly steps: readonly Step[];
  readonly choices?: readonly number[];
}

const rules = { coalesce: true, maxInstances: 1, graceMs: null, maxCatchUp: 1 } as const;
const everyFive = { kind: "every", everyMs: 5_000, startInMs: -20_000, endInMs: null } as const;
const everyTen = { ...everyFive, everyMs: 10_000 };
const add = {
  do: "add",
  job: "a",
  plan: everyFive,
  rules,
  isPaused: false,
  replaceExisting: true,
} as const;
const take = { do: "take", pick: 0, worker: 0 } as const;
const finish = { do: "finish", pick: 0, how: "well" } as const;
const remove = { do: "remove", job: "a" } as const;
const setBack = { do: "stepServer", seconds: -2 } as const;

const inTurns = (...steps: Step[]): Happening[] => steps.map((step) => ({ steps: [step] }));

/** Sequences by their titles. */
export const FOUND: readonly { readonly title: string; readonly happens: readonly Happening[] }[] =
  [
    {
      title: "the clock is set back, the job is paused and resumed: what was decided came again",
      happens: inTurns(
        add,
        take,
        finish,
        setBack,
        { do: "pause", job: "a" },
        { do: "resume", job: "a" },
      ),
    },
    {
      title: "the clock is set back, the job gets a new trigger: what was decided came again",
      happens: inTurns(add, take, finish, setBack, { do: "reschedule", job: "a", plan: everyTen }),
    },
    {
      title: "a job is replaced at the very instant of its last occurrence: it came again",
      happens: inTurns(add, take, finish, { ...add, plan: everyTen }),
    },
    {
      title:
        "maxInstances is raised while occurrences wait for an instance: nothing called for them",
      happens: inTurns(
        { ...add, rules: { ...rules, coalesce: false, maxCatchUp: 5 } },
        { do: "pass", seconds: 26 },
        take,
        { do: "modify", job: "a", rules: { maxInstances: 3 } },
      ),
    },
    {
      title: "a job is removed while it is declared anew: addJob said that there is none",
      happens: [
        ...inTurns(add),
        { steps: [{ ...add, plan: everyTen }, remove], choices: [0, 1, 0, 1, 1, 0, 0, 0] },
      ],
    },
    {
      title: "a job is removed while it gets a new trigger: what was due by that was not decided",
      happens: [
        ...inTurns({ ...add, plan: { kind: "once", inMs: 17_000 } }),
        { steps: [add, remove], choices: [1, 1, 0, 1, 1, 1, 1, 0, 0, 0] },
      ],
    },
    {
      title: "a worker ahead of the server's clock: what is not due stood for what may catch up",
      happens: inTurns(
        { ...add, rules: { ...rules, coalesce: false } },
        take,
        { do: "stepServer", seconds: -12 },
        { do: "fire", pick: 0, worker: 0 },
      ),
    },
    {
      title:
        "a queue job outlives its run and holds another: who lost the first one ended the second",
      happens: inTurns(
        { ...add, rules: { ...rules, coalesce: false } },
        { do: "fire", pick: 0, worker: 0 },
        { do: "pass", seconds: 26 },
        { do: "crash", pick: 0, isDead: false },
        { do: "take", pick: 7, worker: 0 },
        { do: "crash", pick: 0, isDead: false },
        { do: "finish", pick: 3, how: "badly" },
        { do: "takeEarly", pick: 7, worker: 0 },
        { do: "finish", pick: 0, how: "badly" },
      ),
    },
    {
      title: "more than twenty queued runs are too late by a new rule: one look decided twenty",
      happens: inTurns(
        { ...add, rules: { ...rules, coalesce: false, maxCatchUp: 40 } },
        { do: "pass", seconds: 400 },
        take,
        finish,
        { do: "modify", job: "a", rules: { graceMs: 0 } },
        { do: "pass", seconds: 4 },
        take,
      ),
    },
    {
      title: "a run starts in the step that cancels one that sleeps: it was told of the one before",
      happens: inTurns(
        { ...add, rules: { ...rules, overlap: "cancel-running" } },
        take,
        { do: "finish", pick: 0, how: "asleep" },
        { do: "fire", pick: 0, worker: 0 },
      ),
    },
    {
      title: "a queue job is dropped by a cancel just before a worker takes it: the worker had it",
      happens: [
        ...inTurns(
          { ...add, rules: { ...rules, overlap: "queue-all" } },
          { do: "runNow", job: "a" },
          take,
          { do: "finish", pick: 0, how: "asleep" },
          { do: "pass", seconds: 26 },
        ),
        { steps: [{ do: "cancel", pick: 0 }, take], choices: [0] },
        ...inTurns({ do: "heal" }),
      ],
    },
    {
      title: "backfills that were cancelled in a short ledger: on Redis they ran again",
      happens: inTurns(
        { ...add, rules: { ...rules, keep: 1 } },
        take,
        { do: "fire", pick: 0, worker: 1 },
        finish,
        { do: "pause", job: "a" },
        { do: "pass", seconds: 1 },
        { do: "backfill", job: "a", sinceS: 4, concurrency: 1, order: "latest" },
        { do: "cancel", pick: 0 },
        { do: "backfill", job: "a", sinceS: 4, concurrency: 1, order: "latest" },
      ),
    },
    {
      title: "a job with a backfill is removed: its next one of that id had the backfill",
      happens: inTurns(
        { ...add, rules },
        { do: "backfill", job: "a", sinceS: 10, concurrency: 1, order: "oldest" },
        remove,
        add,
      ),
    },
  ];
