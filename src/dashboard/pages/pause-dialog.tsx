import { useState } from "react";
import { useChange } from "../app/queries.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Field } from "../parts/field.tsx";
import { notice } from "../parts/notice.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import type { Job } from "../app/answers.ts";

const LENGTHS = [
  ["", "somebody resumes it"],
  ["1h", "an hour from now"],
  ["8h", "8 hours from now"],
  ["1d", "this time tomorrow"],
  ["7d", "a week from now"],
  ["at", "a time…"],
] as const;

/** Pause a job: until when, and why. */
export function PauseDialog({ job, close }: { readonly job: Job; readonly close: () => void }) {
  const [length, setLength] = useState("");
  const [at, setAt] = useState("");
  const [reason, setReason] = useState("");
  const pause = useChange("POST /jobs/{jobId}/pause");
  const resume = useChange("POST /jobs/{jobId}/resume");
  const path = { jobId: job.id };
  const until = length === "at" ? at : length;
  const body = { ...(until === "" ? {} : { until }), ...(reason === "" ? {} : { reason }) };
  const act = (): void =>
    pause.mutate(
      { path, body },
      {
        onSuccess: () => {
          notice.set({
            text: `${job.id} is paused`,
            undo: () => resume.mutate({ path, body: {} }),
          });
          close();
        },
      },
    );
  return (
    <Dialog
      title={`Pause ${job.id}`}
      close={close}
      isSmall
      footer={
        <>
          <span className="end" />
          <button type="button" className="btn" onClick={close}>
            Leave it running
          </button>
          <button
            type="button"
            className="btn primary"
            disabled={pause.isPending || (length === "at" && at === "")}
            onClick={act}
          >
            Pause
          </button>
        </>
      }
    >
      <p className="m2">
        What is due meanwhile does not run, and stands in the ledger as skipped: paused. Runs in
        progress go on.
      </p>
      <Field label="Until">
        <select className="in" value={length} onChange={(event) => setLength(event.target.value)}>
          {LENGTHS.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </Field>
      {length === "at" && (
        <Field label={`Time in ${job.timezone}`}>
          <input
            className="in"
            type="datetime-local"
            value={at}
            onChange={(event) => setAt(event.target.value)}
          />
        </Field>
      )}
      <Field label="Why" hint="Stands in every row that is skipped meanwhile, for whoever looks.">
        <input
          className="in"
          value={reason}
          maxLength={500}
          onChange={(event) => setReason(event.target.value)}
        />
      </Field>
      {pause.error && <ProblemNote error={pause.error} />}
    </Dialog>
  );
}
