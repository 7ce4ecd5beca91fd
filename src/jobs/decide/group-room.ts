import type { Group, JobEntry, JobRules } from "./state.ts";
import type { Step } from "./step.ts";

/** Whether the job's group has room for a run. A run counts in the group that its job had when it started. */
export function hasGroupRoom(
  { state }: Pick<Step, "state">,
  { group }: Pick<JobRules, "group">,
): boolean {
  return group === null || (state.groups.get(group.key)?.running ?? 0) < group.limit;
}

/** Counts a run in its group, or no longer. */
export function countInGroup({ state }: Step, key: string | null, change: 1 | -1): void {
  if (key === null) return;
  const group = groupOf(state.groups, key);
  group.running += change;
  forgetIdle(state.groups, key, group);
}

/** Lets a job wait for room in its group. One that is in line keeps its place. */
export function joinLine({ state }: Step, { id, rules }: JobEntry, isBackfill = false): void {
  if (rules.group === null) return;
  const { line } = groupOf(state.groups, rules.group.key);
  if (!line.some((place) => place.jobId === id && place.isBackfill === isBackfill))
    line.push({ jobId: id, isBackfill });
}

/**
 * Takes a job out of its group's line.
 * @param group Absent: the job's present group
 * @returns whether it was in line
 */
export function leaveLine(
  { state }: Step,
  job: JobEntry,
  isBackfill = false,
  { group }: Pick<JobRules, "group"> = job.rules,
): boolean {
  const found = group && state.groups.get(group.key);
  if (!found) return false;
  const at = found.line.findIndex((p) => p.jobId === job.id && p.isBackfill === isBackfill);
  if (at < 0) return false;
  found.line.splice(at, 1);
  forgetIdle(state.groups, group.key, found);
  return true;
}

/** Whether a job is in its group's line. */
export function isInLine({ state }: Step, { id, rules }: JobEntry, isBackfill: boolean): boolean {
  const line = (rules.group && state.groups.get(rules.group.key)?.line) ?? [];
  return line.some((place) => place.jobId === id && place.isBackfill === isBackfill);
}

/** The groups that a step on these jobs may make room in. */
export function groupsOf({ state }: Step, jobIds: readonly string[]): Set<string> {
  const keys = new Set<string>();
  for (const jobId of jobIds) {
    const key = state.jobs.get(jobId)?.rules.group?.key;
    if (key !== undefined) keys.add(key);
    // Runs stay in the group that their job had when they started.
    for (const { group } of state.running.get(jobId)?.values() ?? [])
      if (group !== null) keys.add(group);
  }
  return keys;
}

function groupOf(groups: Map<string, Group>, key: string): Group {
  const known = groups.get(key);
  if (known) return known;
  const group: Group = { running: 0, line: [] };
  groups.set(key, group);
  return group;
}

function forgetIdle(groups: Map<string, Group>, key: string, group: Group): void {
  if (group.running === 0 && group.line.length === 0) groups.delete(key);
}
