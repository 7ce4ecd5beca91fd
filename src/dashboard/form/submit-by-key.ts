import type { KeyboardEvent } from "react";

/** Saves by ⌘↵ or Ctrl+↵ from any field, so that Enter in one does not save what is half done. */
export function submitByKey(save: () => void): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.key !== "Enter") return;
    const isField = event.target instanceof HTMLInputElement && event.target.type !== "submit";
    if (event.metaKey || event.ctrlKey) {
      event.preventDefault();
      save();
    } else if (isField) event.preventDefault();
  };
}
