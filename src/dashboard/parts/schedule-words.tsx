import type { Answer } from "../app/ask.ts";

type Job = Pick<
  Answer<"GET /jobs/{jobId}">,
  "scheduleType" | "scheduleInShort" | "timezone" | "overrides" | "schedule"
>;

/** The kinds of schedules, as people call them. */
export const TYPE_NAMES: Readonly<Record<Job["scheduleType"], string>> = {
  daily: "Daily",
  weekly: "Weekly",
  monthly: "Monthly",
  interval: "Interval",
  once: "Once",
  custom: "Custom",
  manual: "By hand",
};

/** What kind of schedule a job has. */
export function ScheduleBadge({ type }: { readonly type: Job["scheduleType"] }) {
  return <span className="badge">{TYPE_NAMES[type]}</span>;
}

/** When a job runs: in words, with the kind, the zone, and whether somebody overrides it. */
export function ScheduleWords({ job }: { readonly job: Job }) {
  return (
    <>
      <span title={job.schedule}>{job.scheduleInShort}</span>
      <span className="m">
        <ScheduleBadge type={job.scheduleType} /> {job.scheduleType !== "manual" && job.timezone}
        {job.overrides && <span className="badge own">override</span>}
      </span>
    </>
  );
}
