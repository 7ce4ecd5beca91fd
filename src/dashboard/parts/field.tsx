import { cloneElement, isValidElement, type ReactElement, type ReactNode, useId } from "react";
import type { AskError } from "../app/ask.ts";

/** What is wrong with a field or something in it, if an error is about that. */
export function errorOf(error: AskError | null, field: string): AskError | undefined {
  const path = error?.problem.path ?? "";
  return error && (path === field || path.startsWith(`${field}.`)) ? error : undefined;
}

/** What went wrong, and what to do. */
export function textOfError(error: AskError | string): string {
  return typeof error === "string" ? error : `${error.problem.message} ${error.problem.hint}`;
}

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
          {textOfError(error)}
        </span>
      )}
    </div>
  );
}
