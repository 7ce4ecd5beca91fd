/**
 * Which folder of `src` may import which: a folder may import those in the rows below it, and none in its own row
 * except as WITHIN_ROW says. docs/contributing/architecture.md shows the table; test/architecture.test.ts runs it.
 */
const ROWS = [
  ["cli", "testing"], // composition
  ["dashboard"], // interface
  ["api", "config", "metrics", "notify"], // edges
  ["simulate"], // what a fleet will do
  ["scheduler"], // runtime
  ["worker", "tasks"],
  ["events", "history", "execution"], // runtime parts
  ["engine"], // infrastructure
  ["jobs"], // domain
  ["triggers", "conditions", "pipeline"], // pure domain
  ["core"], // everyone may import it
];
const WITHIN_ROW = { api: ["config", "metrics"] };
/** What the modules of users get from the command line that loads them; `cli-does-not-import-the-index` says which file gives it. */
const ENTRIES = { cli: "|^src/(index|tasks|triggers)\\.ts$" };

/** The rooms of src/engine follow the same rule. The files beside the rooms may import any room. */
const ENGINE_ROWS = [
  ["multi-queue", "embedded", "scoped"], // several queues as one; PostgreSQL inside the process; the fleet as somebody sees it
  ["redis", "postgres", "memory"], // one queue each
  ["bullmq", "codec"], // what both share: BullMQ's queue and workers; how records are written
  ["calls"], // deadlines, batches, outages
  ["port"], // the interface that all of this implements
];

/** Libraries and Node modules that only some folders may import: the seams through which they can be replaced. */
const ONLY_IN = {
  "node_modules/(bullmq|ioredis|pg|@electric-sql)/": ["engine"],
  "node_modules/(hono|@hono|jose|otpauth|@node-rs|@zxcvbn-ts|ipaddr\\.js)/": ["api"],
  "^(node:)?child_process$": ["execution", "tasks"],
  "node_modules/(smol-toml|chokidar|@humanwhocodes/momoa)/": ["config"],
  "node_modules/prom-client/": ["metrics"],
  "node_modules/jiti/": ["cli"],
  "node_modules/@?chevrotain/": ["conditions"],
  "node_modules/(tsyringe|reflect-metadata)/": ["pipeline", "cli"],
  "node_modules/(@tanstack|react|react-dom|wouter)/": ["dashboard"],
  "node_modules/@sinonjs/": ["testing"],
  "node_modules/rotating-file-stream/": ["cli"],
};

/** Libraries that become part of dist; see scripts/merge-modules.mjs. */
const BUILT_IN = ["chevrotain"];

const roomsOf = (rooms) => `^src/engine/(${rooms.join("|")})/`;
const anyOf = (folders) => `^src/(${folders.join("|")})/`;

module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-orphans",
      severity: "error",
      from: {
        orphan: true,
        path: "^src",
        pathNot:
          "^src/(dashboard/main\\.tsx$|(api|client|config|index|simulate|tasks|testing|testing/(jest|vitest)|triggers)\\.ts|cli/)",
      },
      to: {},
    },
    {
      name: "nobody-imports-the-entry-points",
      severity: "error",
      from: { path: "^src/(?!cli/)" },
      to: { path: "^src/((api|client|config|index|simulate|tasks|testing|triggers)\\.ts$|cli/)" },
    },
    {
      name: "cli-does-not-import-the-index",
      severity: "error",
      // Modules of users get it from there.
      from: { path: "^src/cli/", pathNot: "^src/cli/pipelines/importer\\.ts$" },
      to: { path: "^src/(api|client|config|index|simulate|tasks|testing|triggers)\\.ts$" },
    },
    {
      name: "clients-know-the-contract-only",
      severity: "error",
      from: { path: "^src/(client\\.ts$|api/(client|contract)(/|\\.ts$))" },
      to: {
        path: "^src/",
        pathNot: "^src/api/(client|contract)(/|\\.ts$)|^src/core/error-codes\\.ts$",
      },
    },
    {
      // What it runs besides would be code that every browser loads.
      name: "dashboard-knows-types-of-the-contract-only",
      severity: "error",
      from: { path: "^src/dashboard/" },
      to: {
        path: "^src/(?!dashboard/)",
        pathNot: "^src/api/contract/pages\\.ts$",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "dashboard-knows-the-contract-only",
      severity: "error",
      from: { path: "^src/dashboard/" },
      to: { path: "^src/", pathNot: "^src/(dashboard/|api/contract(/|\\.ts$))" },
    },
    {
      // What only some programs need is not loaded by the others.
      name: "tasks-are-apart",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(tasks|config|cli)(/|\\.ts$)" },
      to: { path: "^src/tasks/" },
    },
    {
      name: "every-folder-has-a-row",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: anyOf(ROWS.flat()) },
      to: {},
    },
    ...ROWS.flatMap((row, i) =>
      row.map((folder) => ({
        name: `layer-${folder}`,
        severity: "error",
        from: { path: anyOf([folder]) },
        to: {
          path: "^src/",
          pathNot:
            anyOf([folder, ...(WITHIN_ROW[folder] ?? []), ...ROWS.slice(i + 1).flat()]) +
            (ENTRIES[folder] ?? ""),
        },
      })),
    ),
    {
      name: "every-engine-room-has-a-row",
      severity: "error",
      from: { path: "^src/engine/[^/]+/", pathNot: roomsOf(ENGINE_ROWS.flat()) },
      to: {},
    },
    // A file that imports nothing shows only where it is imported.
    {
      name: "imports-only-what-has-a-row",
      severity: "error",
      from: {},
      to: { path: "^src/[^/]+/", pathNot: anyOf(ROWS.flat()) },
    },
    {
      name: "imports-only-engine-rooms-with-a-row",
      severity: "error",
      from: {},
      to: { path: "^src/engine/[^/]+/", pathNot: roomsOf(ENGINE_ROWS.flat()) },
    },
    ...ENGINE_ROWS.flatMap((row, i) =>
      row.map((room) => ({
        name: `engine-room-${room}`,
        severity: "error",
        from: { path: roomsOf([room]) },
        to: {
          path: "^src/engine/",
          pathNot: roomsOf([room, ...ENGINE_ROWS.slice(i + 1).flat()]),
        },
      })),
    ),
    ...Object.entries(ONLY_IN).map(([path, folders]) => ({
      name: `only-${folders.join("-")}`,
      severity: "error",
      from: { path: "^src/", pathNot: anyOf(folders) },
      to: { path },
    })),
    {
      name: "nothing-unresolvable",
      severity: "error",
      from: { path: "^src" },
      to: { couldNotResolve: true },
    },
    {
      name: "no-development-dependency",
      severity: "error",
      // These only extend the types of whichever test runner imports them.
      // The dashboard is built with what it uses.
      from: { path: "^src", pathNot: "^src/(testing/(jest|vitest)\\.ts$|dashboard/)" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        pathNot: `node_modules/(${BUILT_IN.join("|")})/`,
      },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    // Off by default; a package without "main", as chevrotain is, can't be found otherwise.
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node"],
    },
    doNotFollow: { path: "node_modules" },
  },
};
