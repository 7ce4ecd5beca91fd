import { useState } from "react";
import { useAsk, useChange } from "../app/queries.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Field } from "../parts/field.tsx";
import { Glyph } from "../parts/glyph.tsx";
import { Loading } from "../parts/loading.tsx";
import { notice } from "../parts/notice.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { TimeOf } from "../parts/time-of.tsx";
import type { Job } from "../app/answers.ts";

type Way = "skip" | "latest" | "all" | "choose";

const WAYS: readonly { readonly way: Way; readonly name: string; readonly says: string }[] = [
  { way: "skip", name: "Skip all", says: "They stay in the ledger as skipped: paused." },
  { way: "latest", name: "Run the latest", says: "One run now, for the last of them." },
  { way: "all", name: "Run all, oldest first", says: "One after another." },
  { way: "choose", name: "Choose", says: "Tick those that you still owe." },
];
const LISTED = 1_000;

/** Resume a job: what becomes of what fell into the pause, which is listed. */
export function ResumeDialog({ job, close }: { readonly job: Job; readonly close: () => void }) {
  const path = { jobId: job.id };
  const { data, error } = useAsk("GET /jobs/{jobId}/paused-occurrences", {
    path,
    query: { limit: LISTED },
  });
  const [way, setWay] = useState<Way>("skip");
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [note, setNote] = useState("");
  const resume = useChange("POST /jobs/{jobId}/resume");
  const count = data?.count ?? 0;
  const runs = { skip: 0, latest: Math.min(1, count), all: count, choose: ticked.size }[way];
  const missed = way === "choose" ? [...ticked] : way;
  const act = (): void =>
    resume.mutate(
      {
        path,
        body: { ...(count > 0 && runs > 0 ? { missed } : {}), ...(note === "" ? {} : { note }) },
      },
      {
        onSuccess: () => {
          notice.set({
            text: runs > 0 ? `${job.id} goes on; ${runs} run now` : `${job.id} goes on`,
          });
          close();
        },
      },
    );
  return (
    <Dialog
      title={`Resume ${job.id}`}
      close={close}
      footer={
        <>
          <span className="end" />
          <button type="button" className="btn" onClick={close}>
            Stay paused
          </button>
          <button
            type="button"
            className="btn primary"
            disabled={!data || resume.isPending}
            onClick={act}
          >
            {runs > 0 ? `Resume and run ${runs}` : "Resume"}
          </button>
        </>
      }
    >
      {error && <ProblemNote error={error} />}
      {!data && !error && <Loading />}
      {data && (
        <p>
          {job.pausedReason !== null && (
            <>
              Paused: <q>{job.pausedReason}</q>.{" "}
            </>
          )}
          <strong>
            {count === 0 ? "Nothing" : count.toLocaleString()}{" "}
            {count === 1 ? "occurrence" : count > 0 && "occurrences"} fell into the pause.
          </strong>{" "}
          {count > 0 && <span className="m2">What becomes of {count === 1 ? "it" : "them"}?</span>}
        </p>
      )}
      {count > 0 && (
        <fieldset className="choices">
          <legend className="vh">What becomes of the {count}</legend>
          {WAYS.map(({ way: one, name, says }) => (
            <label className="check" key={one}>
              <input type="radio" name="way" checked={way === one} onChange={() => setWay(one)} />
              <span>
                <b>{name}</b> {one === "skip" && <span className="badge">usual</span>}
                <br />
                <span className="m">{says}</span>
              </span>
            </label>
          ))}
        </fieldset>
      )}
      {data && count > 0 && way === "choose" && (
        <Picks times={data.fireTimes} zone={job.timezone} ticked={ticked} tick={setTicked} />
      )}
      <Field label="Note" hint="Stands in the changes.">
        <input
          className="in"
          value={note}
          maxLength={500}
          onChange={(event) => setNote(event.target.value)}
        />
      </Field>
      {resume.error && <ProblemNote error={resume.error} />}
    </Dialog>
  );
}

function Picks({
  times,
  zone,
  ticked,
  tick,
}: {
  readonly times: readonly string[];
  readonly zone: string;
  readonly ticked: ReadonlySet<string>;
  readonly tick: (ticked: ReadonlySet<string>) => void;
}) {
  const isAll = ticked.size === times.length;
  const toggle = (time: string): void => {
    const next = new Set(ticked);
    if (!next.delete(time)) next.add(time);
    tick(next);
  };
  return (
    <div className="box pick">
      <div className="pickbar">
        <label className="check">
          <input
            type="checkbox"
            checked={isAll}
            onChange={() => tick(new Set(isAll ? [] : times))}
          />
          <b>
            {ticked.size} of {times.length}
          </b>
        </label>
      </div>
      <ol className="picks" aria-label="Occurrences in the pause">
        {times.map((time) => (
          <li key={time}>
            <label className="check">
              <input type="checkbox" checked={ticked.has(time)} onChange={() => toggle(time)} />
              <span>
                <Glyph kind="paused" /> <TimeOf at={time} zone={zone} />
              </span>
            </label>
          </li>
        ))}
      </ol>
    </div>
  );
}
