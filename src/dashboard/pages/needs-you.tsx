import type { Answer } from "../app/ask.ts";
import { Link } from "../app/link.tsx";
import { useChange } from "../app/queries.ts";
import { useMayChange } from "../app/session.tsx";
import { pathTo } from "../app/where.ts";
import { Glyph } from "../parts/glyph.tsx";
import type { Kind } from "../parts/kinds.ts";
import { ProblemNote } from "../parts/problem-note.tsx";
import { Away, TimeOf } from "../parts/time-of.tsx";

type Overview = Answer<"GET /overview">;
type Attention = Overview["attention"][number];

const KINDS: Readonly<Record<Attention["kind"], Kind>> = {
  overdue: "overdue",
  failing: "failed",
  "no-worker": "other",
  paused: "paused",
};

/** What needs somebody, the worst first; nothing if nothing does. */
export function NeedsYou({ overview: { attention } }: { readonly overview: Overview }) {
  if (attention.length === 0) return null;
  return (
    <section className="sec" aria-labelledby="needs">
      <header>
        <h2 id="needs">Needs you</h2>
        <span className="m">
          {attention.length}
          {attention.length > 1 && ", worst first"}
        </span>
      </header>
      <ol className="box lines needs">
        {attention.map((one) => (
          <Need key={`${one.kind} ${one.jobId ?? one.queue}`} one={one} />
        ))}
      </ol>
    </section>
  );
}

function Need({ one }: { readonly one: Attention }) {
  const { jobId, kind, queue, reason } = one;
  const retry = useChange("POST /jobs/{jobId}/run");
  const mayChange = useMayChange();
  return (
    <li>
      <Glyph kind={KINDS[kind]} isNamed />
      <div className="say">
        {jobId === null ? (
          <span className="jobname">queue {queue}</span>
        ) : (
          <Link className="jobname" to={pathTo("job", jobId)}>
            {jobId}
          </Link>
        )}{" "}
        <State one={one} />
        {reason !== null && <p>{reason}</p>}
        {retry.error && <ProblemNote error={retry.error} />}
      </div>
      <div className="do">
        {kind === "failing" && jobId !== null && mayChange && (
          <button
            type="button"
            className="btn"
            disabled={retry.isPending}
            onClick={() => retry.mutate({ path: { jobId }, body: {} })}
          >
            Run now
          </button>
        )}
        {kind === "failing" && one.runId !== null && (
          <Link className="btn quiet" to={pathTo("run", one.runId)}>
            Log
          </Link>
        )}
        {kind === "paused" && jobId !== null && mayChange && (
          <Link className="btn" to={pathTo("job", jobId, { do: "resume" })}>
            Resume…
          </Link>
        )}
        {(kind === "overdue" || kind === "no-worker") && (
          <Link className="btn" to={pathTo("workers")}>
            Workers
          </Link>
        )}
      </div>
    </li>
  );
}

function State({ one: { kind, since, until } }: { readonly one: Attention }) {
  switch (kind) {
    case "overdue":
      return <strong className="b">overdue, due {since && <Away at={since} />}</strong>;
    case "failing":
      return <strong className="b">failed {since && <Away at={since} />}</strong>;
    case "no-worker":
      return <strong className="b">nobody serves it</strong>;
    case "paused":
      return (
        <strong className="x">
          paused{" "}
          {until === null ? (
            "until somebody resumes it"
          ) : (
            <>
              until <TimeOf at={until} />
            </>
          )}
        </strong>
      );
  }
}
