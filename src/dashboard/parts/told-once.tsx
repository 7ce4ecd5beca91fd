import type { ReactNode } from "react";

/** A secret that is shown until somebody says so, and never again. */
export function ToldOnce({
  secret,
  close,
  done,
  children,
}: {
  readonly secret: string;
  readonly close: () => void;
  /** What the button says. */
  readonly done: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="note own">
      <div>
        {children} <code className="wraps">{secret}</code>
      </div>
      <button type="button" className="btn" onClick={close}>
        {done}
      </button>
    </div>
  );
}
