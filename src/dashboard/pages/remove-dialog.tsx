import { useState } from "react";
import { useChange } from "../app/queries.ts";
import { go, pathTo } from "../app/where.ts";
import { Dialog } from "../parts/dialog.tsx";
import { notice } from "../parts/notice.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { TypedName } from "../parts/typed-name.tsx";
import type { Job } from "../app/answers.ts";

/** Remove a job, after its name was typed. */
export function RemoveDialog({ job, close }: { readonly job: Job; readonly close: () => void }) {
  const [typed, setTyped] = useState("");
  const remove = useChange("DELETE /jobs/{jobId}");
  const act = (): void =>
    remove.mutate(
      { path: { jobId: job.id }, headers: { "if-match": `"${job.revision}"` } },
      {
        onSuccess: () => {
          notice.set({ text: `${job.id} is removed` });
          go(pathTo("jobs"), { replace: true });
        },
      },
    );
  return (
    <Dialog
      title={`Remove ${job.id}`}
      close={close}
      isSmall
      footer={
        <>
          <span className="end" />
          <button type="button" className="btn" onClick={close}>
            Keep it
          </button>
          <button
            type="button"
            className="btn danger"
            disabled={typed !== job.id || remove.isPending}
            onClick={act}
          >
            Remove
          </button>
        </>
      }
    >
      <p>
        It runs no more. Runs in progress finish, and what became of the others stays on record as
        long as its retention says. This can’t be undone.
      </p>
      <TypedName name={job.id} typed={typed} change={setTyped} />
      {remove.error && <ProblemNote error={remove.error} />}
    </Dialog>
  );
}
