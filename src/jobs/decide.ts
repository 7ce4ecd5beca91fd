/**
 * The rules, as functions on plain data without I/O: what becomes of every occurrence. Each function of this file is one
 * atomic step of a queue (`admit`, `settle`, …) or reads its state; given the same state, time and request it does the same.
 * The memory engine runs them, and the servers are compared with them. `docs/semantics.md` says the same in words.
 */
export { admit } from "./decide/admit.ts";
export { audit, tellOverdue } from "./decide/audit.ts";
export { addBackfill, backfillState, changeBackfill } from "./decide/backfill-commands.ts";
export { cancelRun, readCancels } from "./decide/cancel.ts";
export { noteChange, readChanges, readRevisions } from "./decide/changes.ts";
export { changeJob } from "./decide/change-job.ts";
export { cleanLedger } from "./decide/clean-ledger.ts";
export { listOpenRuns, listRuns } from "./decide/list-runs.ts";
export { type PutAnswer, putJobs } from "./decide/put-jobs.ts";
export { listJobs, placeInList, tallyJobs } from "./decide/list-jobs.ts";
export { readDays, readHours } from "./decide/roll-ups.ts";
export { removeJob } from "./decide/remove-job.ts";
export { requestRun } from "./decide/request-run.ts";
export { handBack, settle, suspend } from "./decide/settle.ts";
export { changeSkip } from "./decide/skips.ts";
export { emptyState, type QueueJobs, type QueueJobState, type QueueState } from "./decide/state.ts";
export { type Step, stepOn } from "./decide/step.ts";
export { openRuns, readLedger, storedJob } from "./decide/stored-job.ts";
export { noteAlive } from "./decide/takeover.ts";
