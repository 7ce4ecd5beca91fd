import type { Answer } from "../app/ask.ts";
import { useAsk, useChange } from "../app/queries.ts";
import { useMayChange } from "../app/session.tsx";
import { lengthOf } from "../app/shown-times.ts";
import { Glyph } from "../parts/glyph.tsx";
import { notice } from "../parts/notice.tsx";
import { Away, TimeOf } from "../parts/time-of.tsx";
import type { Job } from "../app/answers.ts";

type Occurrence = Answer<"GET /jobs/{jobId}/occurrences">["items"][number];

/** What is to come, and by which rules. */
export function JobAside({ job }: { readonly job: Job }) {
  return (
    <aside className="stack" aria-label="Schedule and rules">
      {job.condition !== null && <Condition job={job} />}
      {job.isScheduled && <Upcoming job={job} />}
      <Rules job={job} />
    </aside>
  );
}

interface Term {
  readonly text: string;
  readonly value: boolean;
  readonly why: string;
}

/** The condition, and what it was the last time that it decided. */
function Condition({ job }: { readonly job: Job }) {
  const { data: last } = useAsk("GET /jobs/{jobId}/runs", {
    path: { jobId: job.id },
    query: { verdict: ["skipped"], limit: 20 },
  });
  const skipped = last?.items.find(({ reason }) => reason === "condition");
  const { data } = useAsk(
    "GET /jobs/{jobId}/explain",
    { path: { jobId: job.id }, query: { at: skipped?.fireTime ?? "" } },
    { isOff: !skipped },
  );
  const terms = (skipped && (data?.terms as readonly Term[] | null)) ?? [];
  return (
    <section className="sec" aria-labelledby="condition">
      <header>
        <h2 id="condition">Condition</h2>
        {skipped && (
          <span className="m x">
            last false <Away at={skipped.fireTime} zone={job.timezone} />
          </span>
        )}
      </header>
      <div className="box lines terms">
        <p>
          <code>{job.condition}</code>
        </p>
        {terms.map(({ text, value, why }) => (
          <div className="term" key={text}>
            <Glyph kind={value ? "succeeded" : "condition"} />
            <div>
              <code>{text}</code> was {String(value)}
              <p className={value ? "m" : "m x"}>{why}</p>
            </div>
          </div>
        ))}
      </div>
    </section>
  );
}

/** The next times, of which each can be skipped. */
function Upcoming({ job }: { readonly job: Job }) {
  // A time that is to be skipped is no next run, but it is still to come. ISO times sort as they are.
  const [from] = [job.nextRun, ...job.skips.map(({ fireTime }) => fireTime)]
    .filter((time) => time !== null)
    .toSorted();
  const { data } = useAsk(
    "GET /jobs/{jobId}/occurrences",
    { path: { jobId: job.id }, query: { from, limit: 5 } },
    { isOff: from === undefined },
  );
  const coming = data?.items.filter(({ run }) => run === null) ?? [];
  return (
    <section className="sec" aria-labelledby="upcoming">
      <header>
        <h2 id="upcoming">Schedule</h2>
        <span className="m">{job.scheduleInShort}</span>
      </header>
      {coming.length === 0 ? (
        <p className="box pad m">Nothing is planned.</p>
      ) : (
        <ol className="box lines upc">
          {coming.map((one) => (
            <Coming key={one.fireTime} job={job} one={one} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Coming({ job, one }: { readonly job: Job; readonly one: Occurrence }) {
  const { fireTime, state, flags } = one;
  const skip = useChange("POST /jobs/{jobId}/occurrences/{time}/skip");
  const unskip = useChange("DELETE /jobs/{jobId}/occurrences/{time}/skip");
  const path = { jobId: job.id, time: fireTime };
  const mayChange = useMayChange();
  const tellError = {
    onError: (error: { message: string }) => notice.set({ text: error.message, isBad: true }),
  };
  const take = (): void => unskip.mutate({ path }, tellError);
  const giveUp = (): void =>
    skip.mutate(
      { path, body: {} },
      { ...tellError, onSuccess: () => notice.set({ text: "It will be skipped", undo: take }) },
    );
  return (
    <li>
      <TimeOf at={fireTime} zone={job.timezone} />
      <span className="m">
        <Away at={fireTime} zone={job.timezone} />
      </span>
      <span className="m x">
        {state === "will-skip" && (
          <>
            <Glyph kind="requested" />
            will skip {job.skips.find((each) => each.fireTime === fireTime)?.reason}
          </>
        )}
        {state === "paused" && (
          <>
            <Glyph kind="paused" />
            paused
          </>
        )}
        {flags.map((flag) => (
          <span key={flag} className="badge warn">
            {flag}
          </span>
        ))}
      </span>
      <span className="do">
        {mayChange && state === "future" && (
          <button type="button" className="btn quiet" disabled={skip.isPending} onClick={giveUp}>
            Skip
          </button>
        )}
        {mayChange && state === "will-skip" && (
          <button type="button" className="btn quiet" disabled={unskip.isPending} onClick={take}>
            Don’t skip
          </button>
        )}
      </span>
    </li>
  );
}

interface Policy {
  readonly maxInstances: number;
  readonly coalesce: boolean;
  readonly misfireGraceMs: number | null;
  readonly overlap: string;
  readonly retry: { readonly attempts: number; readonly delayMs?: number } | null;
  readonly timeoutMs: number | null;
}

const OVERLAPS: Readonly<Record<string, string>> = {
  skip: "skips",
  "queue-one": "one waits for its turn",
  "queue-all": "all wait for their turn",
  "cancel-running": "cancels the running one",
};

function Rules({ job }: { readonly job: Job }) {
  const { misfireGraceMs, coalesce, overlap, maxInstances, retry, timeoutMs } =
    job.policy as Policy;
  return (
    <section className="sec" aria-labelledby="rules">
      <header>
        <h2 id="rules">Rules</h2>
      </header>
      <dl className="box pad kv">
        <dt>Zone</dt>
        <dd>{job.timezone}</dd>
        <dt>If late</dt>
        <dd>
          {misfireGraceMs === null
            ? "runs, however late"
            : `runs up to ${lengthOf(misfireGraceMs)} late, else missed`}
        </dd>
        <dt>If many are due</dt>
        <dd>{coalesce ? "one run, for the latest" : "each is judged on its own"}</dd>
        <dt>
          If {maxInstances === 1 ? "one" : maxInstances} still {maxInstances === 1 ? "runs" : "run"}
        </dt>
        <dd>{OVERLAPS[overlap] ?? overlap}</dd>
        <dt>Fails</dt>
        <dd>{retry === null ? "stays failed" : `${retry.attempts} attempts in all`}</dd>
        {timeoutMs !== null && (
          <>
            <dt>Takes at most</dt>
            <dd>{lengthOf(timeoutMs)}</dd>
          </>
        )}
        <dt>Runs</dt>
        <dd>
          {job.pipeline} on queue {job.queue}
        </dd>
        <dt>Owner</dt>
        <dd>{job.owner ?? "none"}</dd>
        {job.tags.length > 0 && (
          <>
            <dt>Tags</dt>
            <dd>{job.tags.join(", ")}</dd>
          </>
        )}
      </dl>
    </section>
  );
}
