import type { AskError } from "../app/ask.ts";
import { Glyph } from "./glyph.tsx";

/** What went wrong, where it went wrong: message, what to do, code. */
export function ProblemNote({
  error,
  retry,
}: {
  readonly error: AskError;
  readonly retry?: (() => unknown) | undefined;
}) {
  const { message, hint, code } = error.problem;
  return (
    <div className="note broken" role="alert">
      <Glyph kind="failed" />
      <div>
        <strong>{message}</strong> {hint} <code className="m">{code}</code>
      </div>
      {retry && (
        <button type="button" className="btn" onClick={() => void retry()}>
          Retry
        </button>
      )}
    </div>
  );
}
