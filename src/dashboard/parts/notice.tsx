import { useEffect } from "react";
import { later } from "../app/browser-clock.ts";
import { Store, useStore } from "../app/store.ts";
import { Icon } from "./glyph.tsx";

/** What was done, said once, perhaps with the way back. */
export interface Notice {
  readonly text: string;
  readonly isBad?: boolean;
  readonly undo?: () => void;
}

const SHOWN_MS = 10_000;

/** The notice that is shown. */
export const notice = new Store<Notice | undefined>(undefined);

/** A bar at the bottom for ten seconds, said aloud once. */
export function NoticeBar() {
  const shown = useStore(notice);
  useEffect(() => (shown ? later(SHOWN_MS, () => notice.set(undefined)) : undefined), [shown]);
  return (
    <div className={shown ? "bulk" : "vh"} role="status">
      {shown && (
        <>
          <span className={shown.isBad ? "b" : ""}>{shown.text}</span>
          {shown.undo && (
            <button
              type="button"
              className="btn"
              onClick={() => {
                shown.undo?.();
                notice.set(undefined);
              }}
            >
              Undo
            </button>
          )}
          <button
            type="button"
            className="btn quiet icon"
            aria-label="Close"
            onClick={() => notice.set(undefined)}
          >
            <Icon name="close" />
          </button>
        </>
      )}
    </div>
  );
}
