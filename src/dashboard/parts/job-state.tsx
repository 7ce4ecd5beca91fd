import type { Job } from "../app/answers.ts";
import { relativeTime, useNow } from "../app/shown-times.ts";
import { Glyph } from "./glyph.tsx";
import { TimeOf } from "./time-of.tsx";

/** What is due for longer than this is overdue. */
const LATE_MS = 10_000;

/** What a job does now. */
export function JobState({ job }: { readonly job: Job }) {
  const now = useNow();
  const { status, running, pausedUntil, nextDue } = job;
  const lateMs = nextDue === null ? 0 : now - new Date(nextDue).getTime();
  if (running > 0)
    return (
      <State kind="running" tone="f">
        {running > 1 ? `${running} running` : "running"}
      </State>
    );
  if (status === "paused")
    return (
      <State kind="paused" tone="x">
        paused
        {pausedUntil !== null && (
          <>
            {" "}
            until <TimeOf at={pausedUntil} zone={job.timezone} />
          </>
        )}
      </State>
    );
  if (lateMs > LATE_MS)
    return (
      <State kind="overdue" tone="b">
        overdue
      </State>
    );
  if (status === "failed")
    return (
      <State kind="failed" tone="b">
        failed
      </State>
    );
  if (status === "completed")
    return (
      <State kind="succeeded" tone="">
        completed
      </State>
    );
  return (
    <State kind="planned" tone="">
      {status}
    </State>
  );
}

function State({
  kind,
  tone,
  children,
}: {
  readonly kind: Parameters<typeof Glyph>[0]["kind"];
  readonly tone: string;
  readonly children: React.ReactNode;
}) {
  return (
    <span className={`nw ${tone}`}>
      <Glyph kind={kind} />
      {children}
    </span>
  );
}

const WITHOUT_NEXT: Readonly<Record<Job["state"], string>> = {
  active: "runs when asked",
  paused: "not until it is resumed",
  finished: "no more runs",
};

/** When a job runs next. */
export function NextRun({ job: { nextRun, state, timezone, skips } }: { readonly job: Job }) {
  const now = useNow();
  if (nextRun === null) return <>{WITHOUT_NEXT[state]}</>;
  const isSkipped = skips.some(({ fireTime }) => fireTime === nextRun);
  return (
    <>
      next <TimeOf at={nextRun} zone={timezone} />, {relativeTime(nextRun, now)}
      {isSkipped && ", will skip"}
    </>
  );
}
