import { keep, readKept } from "./kept.ts";

const root = document.documentElement;

/** Shows the theme that was chosen here; without a choice the system's. */
export function showTheme(): void {
  const kept = readKept("theme");
  if (kept === "dark" || kept === "light") root.dataset["theme"] = kept;
}

/** Changes between dark and light. */
export function toggleTheme(): void {
  const shown = root.dataset["theme"];
  const isDark = shown ? shown === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const next = isDark ? "light" : "dark";
  root.dataset["theme"] = next;
  keep("theme", next);
}
