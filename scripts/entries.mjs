/** What a program may import: `cronduit` and its subpaths. */
export const ENTRIES = [
  "api",
  "client",
  "config",
  "index",
  "simulate",
  "tasks",
  "testing",
  "testing/jest",
  "testing/vitest",
  "triggers",
];
