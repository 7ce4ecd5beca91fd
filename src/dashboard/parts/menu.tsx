import { type ReactNode, type ToggleEvent, useId, useRef } from "react";
import { Icon, type IconName } from "./glyph.tsx";

/** A button that opens a list of things to do, beside it. */
export function Menu({
  label,
  icon = "more",
  children,
}: {
  readonly label: string;
  readonly icon?: IconName;
  readonly children: ReactNode;
}) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const place = (event: ToggleEvent<HTMLDivElement>): void => {
    if (event.newState !== "open" || !button.current) return;
    const { bottom, right } = button.current.getBoundingClientRect();
    const menu = event.currentTarget;
    // It may be the last row.
    const isLow = bottom + menu.offsetHeight + 8 > innerHeight;
    menu.style.top = isLow ? "auto" : `${bottom + 4}px`;
    menu.style.bottom = isLow ? `${innerHeight - bottom + 28}px` : "auto";
    menu.style.left = `${Math.max(8, right - menu.offsetWidth)}px`;
  };
  const close = (): void => document.getElementById(id)?.hidePopover();
  return (
    <>
      <button
        ref={button}
        type="button"
        className="btn quiet icon"
        aria-label={label}
        popoverTarget={id}
      >
        <Icon name={icon} />
      </button>
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions, jsx-a11y/click-events-have-key-events -- what is in it is clicked */}
      <div popover="auto" id={id} className="menu actions" onToggle={place} onClick={close}>
        {children}
      </div>
    </>
  );
}
