import { cloneElement, isValidElement, type ReactElement, type ReactNode, useId } from "react";
import type { AskError } from "../app/ask.ts";

/** An input with its name, what it takes, and what is wrong with it. */
export function Field({
  label,
  hint,
  error,
  className = "",
  children,
}: {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly error?: AskError | string | undefined;
  readonly className?: string;
  readonly children: ReactElement;
}) {
  const id = useId();
  const hasNote = hint !== undefined || error !== undefined;
  const given = {
    id,
    "aria-invalid": error === undefined ? undefined : true,
    "aria-describedby": hasNote ? `${id}-note` : undefined,
  };
  return (
    <div className={`field ${className}`}>
      <label htmlFor={id}>{label}</label>
      {isValidElement(children) && cloneElement(children, given)}
      {error === undefined ? (
        hint !== undefined && (
          <span className="hint" id={`${id}-note`}>
            {hint}
          </span>
        )
      ) : (
        <span className="err" id={`${id}-note`} role="alert">
          {typeof error === "string" ? error : `${error.problem.message} ${error.problem.hint}`}
        </span>
      )}
    </div>
  );
}
