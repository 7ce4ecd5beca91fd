import type { Job } from "../app/answers.ts";
import { Link } from "../app/link.tsx";
import { useAsk, useChange } from "../app/queries.ts";
import { useMayChange } from "../app/session.tsx";
import { go, pathTo, useQueryText } from "../app/where.ts";
import { Glyph, Icon } from "../parts/glyph.tsx";
import { NextRun } from "../parts/job-state.tsx";
import { Loading } from "../parts/loading.tsx";
import { Menu } from "../parts/menu.tsx";
import { notice } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { ScheduleBadge } from "../parts/schedule-words.tsx";
import { TimeOf } from "../parts/time-of.tsx";
import { NoPage } from "./no-page.tsx";
import { DeleteLogsDialog } from "./delete-logs-dialog.tsx";
import { JobAside } from "./job-aside.tsx";
import { JobTabs } from "./job-tabs.tsx";
import { LastSixty } from "./last-sixty.tsx";
import { PauseDialog } from "./pause-dialog.tsx";
import { RemoveDialog } from "./remove-dialog.tsx";
import { ResumeDialog } from "./resume-dialog.tsx";

type Doing = "pause" | "resume" | "delete-logs" | "remove" | undefined;

const DOINGS = ["pause", "resume", "delete-logs", "remove"] as const;

/** A job: whether it keeps its promises, what became of each occurrence, and what is to come. */
export function JobPage({ id }: { readonly id: string }) {
  const job = useAsk("GET /jobs/{jobId}", { path: { jobId: id } });
  const way = [{ text: "Jobs", to: pathTo("jobs") }, { text: id }];
  if (job.error?.code === "JOB_NOT_FOUND") return <NoPage what={`There is no job “${id}”.`} />;
  return (
    <Page title={id} way={way}>
      {job.error && <ProblemNote error={job.error} retry={job.refetch} />}
      {job.data ? <Shown job={job.data} /> : !job.error && <Loading />}
    </Page>
  );
}

function Shown({ job }: { readonly job: Job }) {
  const [doing, setDoing] = useDoing(job);
  const close = (): void => setDoing(undefined);
  return (
    <>
      <Head job={job} start={setDoing} />
      <LastSixty job={job} />
      <div className="two jobtwo">
        <JobTabs job={job} />
        <JobAside job={job} />
      </div>
      {doing === "pause" && <PauseDialog job={job} close={close} />}
      {doing === "resume" && <ResumeDialog job={job} close={close} />}
      {doing === "delete-logs" && <DeleteLogsDialog job={job} close={close} />}
      {doing === "remove" && <RemoveDialog job={job} close={close} />}
    </>
  );
}

/** What is being done with the job: the address says it, so that another page can link to it. */
function useDoing({ id }: Job): [Doing, (doing: Doing) => void] {
  const asked = new URLSearchParams(useQueryText()).get("do");
  const start = (doing: Doing): void =>
    go(pathTo("job", id, doing && { do: doing }), { replace: true });
  return [DOINGS.find((one) => one === asked), start];
}

function Head({ job, start }: { readonly job: Job; readonly start: (doing: Doing) => void }) {
  const mayChange = useMayChange();
  return (
    <header className="jobhead">
      <div className="row">
        <h1>{job.id}</h1>
        <ScheduleBadge type={job.scheduleType} />
        <span className="badge">{job.source}</span>
        {job.overrides && (
          <span className="badge own">overridden: {Object.keys(job.overrides).join(", ")}</span>
        )}
        {mayChange && <Actions job={job} start={start} />}
      </div>
      {job.description !== null && <p className="m2">{job.description}</p>}
      {job.state === "paused" && <Paused job={job} />}
      <Sentence job={job} />
    </header>
  );
}

function Actions({ job, start }: { readonly job: Job; readonly start: (doing: Doing) => void }) {
  const run = useChange("POST /jobs/{jobId}/run");
  const runNow = (): void =>
    run.mutate(
      { path: { jobId: job.id }, body: {} },
      {
        onSuccess: ({ runId }) => {
          notice.set({ text: "It runs now" });
          go(pathTo("run", runId));
        },
        onError: (error) => notice.set({ text: error.problem.message, isBad: true }),
      },
    );
  return (
    <div className="row end">
      <button type="button" className="btn" disabled={run.isPending} onClick={runNow}>
        <Icon name="play" />
        Run now
      </button>
      {job.state === "paused" ? (
        <button type="button" className="btn primary" onClick={() => start("resume")}>
          Resume…
        </button>
      ) : (
        <button
          type="button"
          className="btn"
          disabled={job.state === "finished"}
          onClick={() => start("pause")}
        >
          <Icon name="pause" />
          Pause…
        </button>
      )}
      <Link className="btn" to={pathTo("edit", job.id)}>
        <Icon name="edit" />
        Edit
      </Link>
      <button type="button" className="btn danger" onClick={() => start("delete-logs")}>
        <Icon name="trash" />
        Delete Logs
      </button>
      <Menu label="More">
        <button type="button" className="btn quiet danger" onClick={() => start("remove")}>
          Remove this job…
        </button>
      </Menu>
    </div>
  );
}

function Paused({ job: { pausedAt, pausedReason, pausedUntil, timezone } }: { readonly job: Job }) {
  return (
    <div className="note excused">
      <Glyph kind="paused" />
      <div>
        <strong>
          Paused{" "}
          {pausedUntil === null ? (
            "until somebody resumes it"
          ) : (
            <>
              until <TimeOf at={pausedUntil} zone={timezone} />
            </>
          )}
        </strong>
        {pausedAt !== null && (
          <>
            {" "}
            since <TimeOf at={pausedAt} zone={timezone} />
          </>
        )}
        {pausedReason !== null && <>: {pausedReason}</>}
      </div>
    </div>
  );
}

function Sentence({ job }: { readonly job: Job }) {
  const { data } = useAsk("GET /jobs/{jobId}/promises", { path: { jobId: job.id } });
  return (
    <p className="lead">
      {data?.text}{" "}
      <span className="m2">
        {job.scheduleInShort}
        {job.scheduleType !== "manual" && ` (${job.timezone})`}; <NextRun job={job} />.
      </span>
    </p>
  );
}
