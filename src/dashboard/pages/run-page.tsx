import type { Run } from "../app/answers.ts";
import { Link } from "../app/link.tsx";
import { useAsk, useChange } from "../app/queries.ts";
import { useMayChange } from "../app/session.tsx";
import { lengthOf } from "../app/shown-times.ts";
import { go, pathTo } from "../app/where.ts";
import { Glyph, Icon } from "../parts/glyph.tsx";
import { kindOf, LOOKS, wordOf } from "../parts/kinds.ts";
import { Loading } from "../parts/loading.tsx";
import { notice } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { TimeOf } from "../parts/time-of.tsx";
import { WithTimes } from "../parts/with-times.tsx";
import { NoPage } from "./no-page.tsx";
import { RunLog } from "./run-log.tsx";
import { RunSteps } from "./run-steps.tsx";

const OPEN = new Set<Run["verdict"]>(["queued", "running", "retrying", "sleeping"]);

/** A run, or an occurrence that did not run: what happened and why, its steps, its log. */
export function RunPage({ id }: { readonly id: string }) {
  const { data, error, refetch } = useAsk("GET /runs/{runId}", { path: { runId: id } });
  if (error?.code === "RUN_NOT_FOUND") return <NoPage what="There is no such run." />;
  const jobId = data?.jobId ?? "";
  const way = [
    { text: "Jobs", to: pathTo("jobs") },
    ...(data ? [{ text: jobId, to: pathTo("job", jobId) }] : []),
    { text: "Run" },
  ];
  return (
    <Page title={data ? `${wordOf(data)} · ${jobId}` : "Run"} way={way}>
      {error && <ProblemNote error={error} retry={refetch} />}
      {data ? <Shown run={data} /> : !error && <Loading />}
    </Page>
  );
}

function Shown({ run }: { readonly run: Run }) {
  const hasRun = run.startedAt !== null;
  return (
    <>
      <Head run={run} />
      <Facts run={run} />
      {run.error && <Failure run={run} />}
      {hasRun && <RunSteps run={run} />}
      {hasRun && <RunLog run={run} isOpen={OPEN.has(run.verdict)} />}
      {run.result !== null && (
        <section className="sec" aria-labelledby="result">
          <header>
            <h2 id="result">Result</h2>
          </header>
          <pre className="box pad wraps">{JSON.stringify(run.result, null, 2)}</pre>
        </section>
      )}
    </>
  );
}

function Head({ run }: { readonly run: Run }) {
  const kind = kindOf(run);
  const { tone } = LOOKS[kind];
  const { data: explained } = useAsk("GET /jobs/{jobId}/explain", {
    path: { jobId: run.jobId },
    query: { at: run.fireTime },
  });
  return (
    <header className="jobhead">
      <div className="row">
        <h1>
          <Glyph kind={kind} /> {run.jobId} <span className={tone}>{wordOf(run)}</span>
        </h1>
        <Actions run={run} />
      </div>
      <p className="lead">
        {explained?.run?.id === run.id ? <WithTimes text={explained.text} /> : run.why}
      </p>
    </header>
  );
}

function Actions({ run }: { readonly run: Run }) {
  const path = { runId: run.id };
  const retry = useChange("POST /runs/{runId}/retry");
  const cancel = useChange("POST /runs/{runId}/cancel");
  const tellError = {
    onError: (error: Error) => notice.set({ text: error.message, isBad: true }),
  };
  if (!useMayChange()) return null;
  const isOpen = OPEN.has(run.verdict);
  return (
    <div className="row end">
      {isOpen ? (
        <button
          type="button"
          className="btn danger"
          disabled={cancel.isPending}
          onClick={() =>
            cancel.mutate(
              { path, body: {} },
              { ...tellError, onSuccess: () => notice.set({ text: "It is being cancelled" }) },
            )
          }
        >
          Cancel
        </button>
      ) : (
        <button
          type="button"
          className="btn primary"
          disabled={retry.isPending}
          onClick={() =>
            retry.mutate(
              { path, body: {} },
              { ...tellError, onSuccess: ({ runId }) => go(pathTo("run", runId)) },
            )
          }
        >
          <Icon name="play" />
          {run.startedAt === null ? "Make up for it" : "Run again"}
        </button>
      )}
      <Link className="btn" to={pathTo("job", run.jobId)}>
        The job
      </Link>
    </div>
  );
}

function Facts({ run }: { readonly run: Run }) {
  const { startedAt, finishedAt, durationMs, latenessMs, attempt, trigger, requestedBy, count } =
    run;
  return (
    <dl className="facts">
      <div>
        <dt>Due</dt>
        <dd>
          <TimeOf at={run.fireTime} />
          {count > 1 && (
            <small>
              {count} together, from <TimeOf at={run.firstFireTime} />
            </small>
          )}
        </dd>
      </div>
      {startedAt !== null && (
        <div>
          <dt>Started</dt>
          <dd>
            <TimeOf at={startedAt} as="seconds" />
            {latenessMs !== null && <small>{lengthOf(latenessMs)} late</small>}
          </dd>
        </div>
      )}
      {finishedAt !== null && (
        <div>
          <dt>Ended</dt>
          <dd>
            <TimeOf at={finishedAt} as="seconds" />
            {durationMs !== null && <small>took {lengthOf(durationMs)}</small>}
          </dd>
        </div>
      )}
      {attempt !== null && (
        <div>
          <dt>Attempt</dt>
          <dd>{attempt}</dd>
        </div>
      )}
      {run.worker !== null && (
        <div>
          <dt>Worker</dt>
          <dd className="wraps">{run.worker}</dd>
        </div>
      )}
      <div>
        <dt>Why it ran</dt>
        <dd>
          {trigger === "scheduled" ? "schedule" : trigger}
          {requestedBy && <small>by {requestedBy.id}</small>}
        </dd>
      </div>
      <div>
        <dt>Run</dt>
        <dd className="mono wraps">{run.id}</dd>
      </div>
    </dl>
  );
}

function Failure({ run: { error } }: { readonly run: Run }) {
  const stack = error?.["stack"];
  return (
    <section className="sec" aria-labelledby="failure">
      <header>
        <h2 id="failure">What went wrong</h2>
      </header>
      <div className="note broken">
        <Glyph kind="failed" />
        <div>
          <strong>{error?.name}</strong> {error?.message}
          {typeof stack === "string" && (
            <details>
              <summary>Where</summary>
              <pre className="wraps">{stack}</pre>
            </details>
          )}
        </div>
      </div>
    </section>
  );
}
