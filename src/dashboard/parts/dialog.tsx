import { type ReactNode, useEffect, useId, useRef } from "react";
import { Icon } from "./glyph.tsx";

/** A dialog of the platform: it holds the focus, and Escape closes it. */
export function Dialog({
  title,
  close,
  isSmall = false,
  footer,
  children,
}: {
  readonly title: string;
  readonly close: () => void;
  readonly isSmall?: boolean;
  readonly footer: ReactNode;
  readonly children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // Else the first would be the button that closes it.
    shown?.querySelector<HTMLElement>("div :is(input:checked, input, select, textarea)")?.focus();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} className={isSmall ? "small" : ""} onClose={close}>
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" className="btn quiet icon end" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div>{children}</div>
      <footer>{footer}</footer>
    </dialog>
  );
}
