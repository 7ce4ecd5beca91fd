import { useState } from "react";
import { useAsk, useChange } from "../app/queries.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Glyph } from "../parts/glyph.tsx";
import { notice } from "../parts/notice.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { TypedName } from "../parts/typed-name.tsx";
import type { Job } from "../app/answers.ts";

/** Delete a job's logs: before a day or all, after a look at how many there are. */
export function DeleteLogsDialog({
  job,
  close,
}: {
  readonly job: Job;
  readonly close: () => void;
}) {
  const [isAll, setIsAll] = useState(false);
  const [day, setDay] = useState("");
  const [isRunsToo, setIsRunsToo] = useState(false);
  const [typed, setTyped] = useState("");
  const path = { jobId: job.id };
  const which = isAll ? { all: "true" as const } : { before: `${day}T00:00` };
  const isSaid = isAll || day !== "";
  const asked = { path, query: { ...which, dryRun: "true" } };
  const logs = useAsk("DELETE /jobs/{jobId}/logs", asked, { isOff: !isSaid || isRunsToo });
  const rows = useAsk("DELETE /jobs/{jobId}/runs", asked, { isOff: !isSaid || !isRunsToo });
  const trial = isRunsToo ? rows : logs;
  const deleteLogs = useChange("DELETE /jobs/{jobId}/logs");
  const deleteRuns = useChange("DELETE /jobs/{jobId}/runs");
  const change = isRunsToo ? deleteRuns : deleteLogs;
  const count =
    isSaid && trial.data
      ? `${trial.data.count.toLocaleString()}${trial.data.isAll ? "" : " or more"}`
      : "";
  const act = (): void =>
    change.mutate(
      { path, query: which },
      {
        onSuccess: ({ count: deleted }) => {
          notice.set({ text: `${deleted.toLocaleString()} deleted` });
          close();
        },
      },
    );
  return (
    <Dialog
      title={`Delete logs of ${job.id}`}
      close={close}
      isSmall
      footer={
        <>
          <span className="end" />
          <button type="button" className="btn" onClick={close}>
            Keep
          </button>
          <button
            type="button"
            className="btn danger"
            disabled={
              !isSaid ||
              trial.data?.count === 0 ||
              !trial.data ||
              typed !== job.id ||
              change.isPending
            }
            onClick={act}
          >
            Delete {count}
          </button>
        </>
      }
    >
      <fieldset className="choices">
        <legend className="vh">Which</legend>
        <label className="check">
          <input type="radio" name="which" checked={!isAll} onChange={() => setIsAll(false)} />
          <span>
            Before{" "}
            <input
              className="in short"
              type="date"
              aria-label={`Date, in ${job.timezone}`}
              value={day}
              onChange={(event) => {
                setDay(event.target.value);
                setIsAll(false);
              }}
            />
          </span>
        </label>
        <label className="check">
          <input type="radio" name="which" checked={isAll} onChange={() => setIsAll(true)} />
          <span>All</span>
        </label>
      </fieldset>
      <label className="check">
        <input type="checkbox" checked={isRunsToo} onChange={() => setIsRunsToo(!isRunsToo)} />
        <span>
          What became of the runs, too
          <br />
          <span className="m">Else their verdicts stay, and only what they wrote goes.</span>
        </span>
      </label>
      {trial.error && <ProblemNote error={trial.error} />}
      {isSaid && trial.data && (
        <div className="note" aria-live="polite">
          <Glyph kind="other" />
          <div>
            <strong>{count}</strong> {isRunsToo ? "rows with their logs" : "runs whose logs"} would
            be deleted. This can’t be undone.
          </div>
        </div>
      )}
      <TypedName name={job.id} typed={typed} change={setTyped} />
      {change.error && <ProblemNote error={change.error} />}
    </Dialog>
  );
}
