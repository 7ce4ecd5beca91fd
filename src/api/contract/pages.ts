/**
 * The first part of the path of each page that the dashboard has; `""` is the overview. Of `job`, `edit` and `run`, the rest of the
 * path is an id.
 */
export const PAGES = [
  "",
  "edit",
  "events",
  "job",
  "jobs",
  "new",
  "run",
  "runs",
  "set-up",
  "settings",
  "sign-in",
  "timeline",
  "workers",
] as const;

/** A page of the dashboard. */
export type PageName = (typeof PAGES)[number];

/** The name of the element in the dashboard's page that tells where the API is, relative to the page's base. */
export const API_PLACE = "cronduit-api";
