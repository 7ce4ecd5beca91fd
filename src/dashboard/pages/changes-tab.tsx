import type { Answer } from "../app/ask.ts";
import { useAsk } from "../app/queries.ts";
import { Loading } from "../parts/loading.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { TimeOf } from "../parts/time-of.tsx";
import type { Job } from "../app/answers.ts";

type Change = Answer<"GET /jobs/{jobId}/changes">["items"][number];

/** Who changed the job, when, and why. */
export function ChangesTab({ job }: { readonly job: Job }) {
  const { data, error, refetch } = useAsk("GET /jobs/{jobId}/changes", {
    path: { jobId: job.id },
    query: { limit: 50 },
  });
  if (error) return <ProblemNote error={error} retry={refetch} />;
  if (!data) return <Loading />;
  return (
    <>
      <ol className="box lines changes">
        {data.items.map((change) => (
          <li key={change.id}>
            <span className="m nw">
              <TimeOf at={change.at} zone={job.timezone} />
            </span>
            <One change={change} zone={job.timezone} />
          </li>
        ))}
      </ol>
      {data.isCut && <p className="m">Older changes are not kept any more.</p>}
    </>
  );
}

function One({ change, zone }: { readonly change: Change; readonly zone: string }) {
  const { by, what, reason, differences, fireTime, count } = change;
  return (
    <div>
      <b>{by.id}</b> <span className="m">({by.kind})</span> {what.replaceAll("-", " ")}{" "}
      {fireTime !== null && <TimeOf at={fireTime} zone={zone} />}
      {count > 1 && ` ${count}`}
      {differences.map(({ field, from, to }) => (
        <p key={field}>
          {field} <del>{from}</del> <ins>{to}</ins>
        </p>
      ))}
      {(reason ?? by.note) && <p className="m">{reason ?? by.note}</p>}
    </div>
  );
}
