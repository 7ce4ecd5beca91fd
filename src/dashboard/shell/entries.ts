import type { PageName } from "../../api/contract/pages.ts";
import type { IconName } from "../parts/glyph.tsx";

interface Entry {
  readonly page: PageName;
  readonly text: string;
  readonly icon: IconName;
  /** Other pages below it. */
  readonly also?: readonly PageName[];
  /** Whether a phone has no place for it. */
  readonly isWide?: boolean;
}

/** The pages that the rail leads to. */
export const ENTRIES: readonly Entry[] = [
  { page: "", text: "Overview", icon: "overview", also: ["sign-in"] },
  { page: "jobs", text: "Jobs", icon: "jobs", also: ["job", "new", "edit"] },
  { page: "runs", text: "Runs", icon: "runs", also: ["run"] },
  { page: "timeline", text: "Timeline", icon: "timeline", isWide: true },
  { page: "events", text: "Events", icon: "events" },
  { page: "workers", text: "Workers", icon: "workers" },
  { page: "settings", text: "Settings", icon: "settings", isWide: true },
];
