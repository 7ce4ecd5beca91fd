import type { Job } from "../app/answers.ts";
import { useAsk } from "../app/queries.ts";
import { Glyph } from "../parts/glyph.tsx";
import { Away } from "../parts/time-of.tsx";

/** Somebody changed the job meanwhile: who, what, and how to go on. Nothing is saved over it unseen. */
export function StaleNote({
  base,
  present,
  take,
}: {
  readonly base: Job;
  readonly present: Job;
  readonly take: () => void;
}) {
  const { data } = useAsk("GET /jobs/{jobId}/changes", {
    path: { jobId: base.id },
    query: { limit: 1 },
  });
  const change = data?.items[0];
  return (
    <div className="note broken" role="alert">
      <Glyph kind="failed" />
      <div>
        <b>
          {change ? change.by.id : "Somebody"} changed this job{" "}
          {change && <Away at={change.at} zone={base.timezone} />}
        </b>{" "}
        (revision {present.revision}); yours is based on {base.revision}.
        {change?.differences.map(({ field, from, to }) => (
          <p key={field}>
            {field} <del>{from}</del> <ins>{to}</ins>
          </p>
        ))}
        {base.schedule !== present.schedule && (
          <p>
            schedule <del>{base.schedule}</del> <ins>{present.schedule}</ins>
          </p>
        )}
      </div>
      <button
        type="button"
        className="btn"
        disabled={present.revision === base.revision}
        onClick={take}
      >
        Go on from theirs
      </button>
    </div>
  );
}
