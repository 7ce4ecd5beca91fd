import type { JobChange, JobChangeResult } from "../job-requests.ts";
import { feedBackfill } from "./backfill-times.ts";
import { noteOfChange } from "./changes.ts";
import { linkCondition } from "./condition-links.ts";
import { lineUp } from "./line-up.ts";
import { groupsOf, leaveLine } from "./group-room.ts";
import { keepSkips } from "./skips.ts";
import { skipQueued } from "./queued-runs.ts";
import { dropRetries, releaseRetries } from "./retries.ts";
import { rulesOf } from "./rules-of.ts";
import { tellFinished } from "./run-end.ts";
import type { JobEntry } from "./state.ts";
import { findJob, nextNumber, type Step, tell } from "./step.ts";
import { noteTimed } from "./timed-changes.ts";
import { addNext, dropNext } from "./upcoming.ts";
import { decideSpans } from "./verdicts.ts";
import { wakeGroups } from "./wake-groups.ts";
import { wakeDependents, wakeForQueued } from "./wakeups.ts";

/**
 * Changes a job's definition, schedule or state. Everything that the change decides was computed from a revision and a
 * watermark: if the job has others by now, nothing changes.
 */
export function changeJob(step: Step, change: JobChange): JobChangeResult {
  const job = findJob(step, change);
  if (!job) return { outcome: "missing" };
  const { definition, schedule } = change;
  if (job.revision !== change.expectedRevision) return { outcome: "conflict" };
  if (schedule && schedule.expectedWatermark !== job.watermark) return { outcome: "conflict" };
  const groups = groupsOf(step, [job.id]);
  const newGroup = definition?.policy.group?.key;
  if (newGroup !== undefined) groups.add(newGroup);
  if (change.skips) keepSkips(step, job, change.skips);
  decideSpans(step, job, change.skipped ?? []);
  const { rules: former, revision, state } = job;
  job.revision = nextNumber(step);
  if (schedule) {
    dropNext(step, job);
    setSchedule(step, job, schedule, change);
  }
  if (definition) {
    job.definition = JSON.stringify(definition);
    job.declared = definition.declared.all;
    job.rules = rulesOf(definition);
    if (job.rules.owner !== former.owner)
      job.handedOver = { at: step.now, counts: { ...job.counts } };
    linkCondition(step, job, former);
    if (former.group?.key !== job.rules.group?.key) {
      leaveLine(step, job, false, former);
      if (leaveLine(step, job, true, former)) feedBackfill(step, job);
    }
    // To conditions that see one owner's jobs alone, it comes or goes.
    if (former.owner !== job.rules.owner) wakeDependents(step, [job.id]);
  }
  noteTimed(step, job.id, change.changesAt);
  if (schedule && job.next) addNext(step, job, job.next);
  if (change.runs?.length) lineUp(step, job, change.runs);
  // By the new rules, queued runs may start.
  wakeForQueued(step, job);
  tell(step, { ...change.event, by: change.by });
  noteOfChange(step, change, { revision, state, watermark: job.watermark, owner: former.owner });
  if (job.state === "finished") tellFinished(step, [job.id]);
  wakeGroups(step, groups);
  return { outcome: "changed", generation: job.generation };
}

/** Gives a job another schedule, or its schedule another state. Queue jobs of older generations become void. */
function setSchedule(
  step: Step,
  job: JobEntry,
  { state, watermark, upcoming }: NonNullable<JobChange["schedule"]>,
  { pausedReason, pausedUntil }: JobChange,
): void {
  const wasPaused = job.state === "paused";
  job.generation = nextNumber(step);
  job.state = state;
  job.watermark = watermark;
  job.next = (state === "active" && upcoming[0]) || null;
  job.finishedAt = null;
  if (state === "paused") {
    if (!wasPaused) job.pausedAt = step.now;
    job.pausedReason = pausedReason ?? job.pausedReason;
    if (pausedUntil !== undefined) job.pausedUntil = pausedUntil;
    skipQueued(step, job, "paused");
    dropRetries(step, job.id);
    return;
  }
  if (wasPaused) {
    job.failuresInARow = 0;
    releaseRetries(step, job);
  }
  job.pausedAt = null;
  job.pausedReason = null;
  job.pausedUntil = null;
}
