import type { PageName } from "../../api/contract/pages.ts";
import { later } from "../app/browser-clock.ts";
import { toggleLive } from "../app/live.ts";
import { nextZone } from "../app/shown-times.ts";
import { go, pathTo } from "../app/where.ts";

/** After `G`, the page. */
const PAGE_KEYS: Readonly<Record<string, PageName>> = {
  o: "",
  j: "jobs",
  r: "runs",
  t: "timeline",
  e: "events",
  w: "workers",
  s: "settings",
};
/** How long `G` waits for its second key. */
const WAIT_MS = 1_500;

/**
 * Keys that work on every page: `/` search, `G` and a letter a page, `L` live, `Z` zone, `C` a new job, ⌘K jump.
 * @param jump Opens the box that jumps anywhere.
 * @returns what ends it
 */
export function startKeys(jump: () => void): () => void {
  let isGoing = false;
  const press = (event: KeyboardEvent): void => {
    const key = event.key.toLowerCase();
    if ((event.metaKey || event.ctrlKey) && key === "k") {
      event.preventDefault();
      jump();
      return;
    }
    if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
    const page = isGoing ? PAGE_KEYS[key] : undefined;
    isGoing = key === "g" && !isGoing;
    if (isGoing) later(WAIT_MS, () => (isGoing = false));
    if (page !== undefined) go(pathTo(page));
    else if (ACTIONS[key]) {
      event.preventDefault();
      ACTIONS[key]();
    }
  };
  addEventListener("keydown", press);
  return () => removeEventListener("keydown", press);
}

const ACTIONS: Readonly<Record<string, () => void>> = {
  "/": () => document.querySelector<HTMLInputElement>('[data-key="/"]')?.focus(),
  l: toggleLive,
  z: nextZone,
  c: () => go(pathTo("new")),
};

/** Where a letter is a letter. */
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.closest("input, select, textarea, [role=listbox], [role=tablist], dialog") !== null)
  );
}
