import { useState } from "react";
import { useAsk, useChange } from "../app/queries.ts";
import { useStore } from "../app/store.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Field } from "../parts/field.tsx";
import { Icon } from "../parts/glyph.tsx";
import { notice } from "../parts/notice.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { selected } from "./bulk-selection.ts";

type Action = "pause" | "resume" | "run" | "remove";

const ACTIONS: Readonly<Record<Action, { readonly name: string; readonly done: string }>> = {
  pause: { name: "Pause", done: "paused" },
  resume: { name: "Resume", done: "resumed" },
  run: { name: "Run now", done: "started" },
  remove: { name: "Remove", done: "removed" },
};
/** What takes an action back. */
const BACK: Partial<Record<Action, Action>> = { pause: "resume", resume: "pause" };

/** What can be done with all that is selected. Each first shows what it would change. */
export function BulkBar() {
  const ids = [...useStore(selected)];
  const [action, setAction] = useState<Action>();
  if (ids.length === 0) return null;
  return (
    <div className="bulk" role="group" aria-label="Selected jobs">
      <b>{ids.length.toLocaleString()} selected</b>
      {(Object.keys(ACTIONS) as Action[]).map((one) => (
        <button
          key={one}
          type="button"
          className={`btn ${one === "remove" ? "danger" : ""}`}
          onClick={() => setAction(one)}
        >
          {ACTIONS[one].name}…
        </button>
      ))}
      <button
        type="button"
        className="btn quiet icon"
        aria-label="Select none"
        onClick={() => selected.set(new Set())}
      >
        <Icon name="close" />
      </button>
      {action && <BulkDialog action={action} ids={ids} close={() => setAction(undefined)} />}
    </div>
  );
}

function BulkDialog({
  action,
  ids,
  close,
}: {
  readonly action: Action;
  readonly ids: readonly string[];
  readonly close: () => void;
}) {
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const given = action === "pause" && reason !== "" ? { reason } : {};
  const trial = useTrial(action, ids);
  const change = useChange("POST /jobs/bulk");
  const { name, done } = ACTIONS[action];
  const count = trial.data?.changed ?? 0;
  const mustType = action === "remove";
  const act = (what: Action, more: object, text: string, undo?: () => void): void =>
    change.mutate(
      { body: { action: what, ids: [...ids], ...more } },
      {
        onSuccess: ({ changed }) => {
          notice.set({ text: `${changed} ${text}`, ...(undo ? { undo } : {}) });
          selected.set(new Set());
          close();
        },
      },
    );
  const back = BACK[action];
  const undo = back && (() => act(back, {}, `${ACTIONS[back].done} again`));
  return (
    <Dialog
      title={`${name} ${ids.length} ${ids.length === 1 ? "job" : "jobs"}?`}
      close={close}
      isSmall
      footer={
        <>
          <span className="end" />
          <button type="button" className="btn" onClick={close}>
            Leave as it is
          </button>
          <button
            type="button"
            className={`btn ${mustType ? "danger" : "primary"}`}
            disabled={count === 0 || change.isPending || (mustType && typed !== String(count))}
            onClick={() => act(action, given, done, undo)}
          >
            {name} {count}
          </button>
        </>
      }
    >
      {trial.error && <ProblemNote error={trial.error} />}
      {trial.data && (
        <>
          <p>
            <strong>{count}</strong> would be {done}
            {trial.data.skipped > 0 && `; ${trial.data.skipped} would stay as they are`}
            {trial.data.failed > 0 && `; ${trial.data.failed} can’t be`}.
          </p>
          <ul className="box pad m wraps">
            {trial.data.ids.slice(0, 20).map((id) => (
              <li key={id}>{id}</li>
            ))}
            {trial.data.ids.length > 20 && <li>and {count - 20} more</li>}
          </ul>
          {trial.data.problems.slice(0, 5).map(({ jobId, message }) => (
            <p key={jobId} className="m">
              {jobId}: {message}
            </p>
          ))}
        </>
      )}
      {action === "pause" && (
        <Field label="Why" hint="Stands in every row that is skipped meanwhile.">
          <input
            className="in"
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </Field>
      )}
      {mustType && (
        <Field
          label={
            <>
              Type <b className="mono">{count}</b> to go on
            </>
          }
          hint="Removing can’t be undone."
        >
          <input
            className="in"
            value={typed}
            autoComplete="off"
            onChange={(event) => setTyped(event.target.value)}
          />
        </Field>
      )}
      {change.error && <ProblemNote error={change.error} />}
    </Dialog>
  );
}

/** What it would change, by a dry run. */
function useTrial(action: Action, ids: readonly string[]) {
  return useAsk("POST /jobs/bulk", { body: { action, ids: [...ids], dryRun: true } });
}
