import type { Job } from "../app/answers.ts";
import type { Body } from "../app/ask.ts";
import { useAsk } from "../app/queries.ts";
import { TimeOf } from "../parts/time-of.tsx";

type Schedule = Body<"POST /schedules/diff">["after"];

/** How the next runs change: the old ones beside the new. */
export function NextDiff({ job, after }: { readonly job: Job; readonly after: Schedule }) {
  const isOff = after.is_scheduled === false;
  const { data } = useAsk(
    "POST /schedules/diff",
    { body: { jobId: job.id, after, count: 5 } },
    { isOff },
  );
  if (isOff || !data) return null;
  const lines = [
    ...data.removed.map((time) => ({ time, how: "rem" as const })),
    ...data.added.map((time) => ({ time, how: "add" as const })),
    ...data.kept.map((time) => ({ time, how: "kept" as const })),
  ].toSorted((a, b) => a.time.localeCompare(b.time));
  return (
    <>
      <h2>Next runs, old against new</h2>
      <p>
        <del>{data.before.scheduleInShort}</del> <ins>{data.after.scheduleInShort}</ins>
      </p>
      <ol className="difflist" aria-label="How the next runs change">
        {lines.map(({ time, how }) => (
          <li key={`${how} ${time}`} className={how}>
            <b aria-hidden="true">{SIGNS[how]}</b>
            <TimeOf at={time} zone={job.timezone} />
            <span className="m">{WORDS[how]}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

const SIGNS = { rem: "−", add: "+", kept: "=" } as const;
const WORDS = { rem: "gone", add: "new", kept: "stays" } as const;
