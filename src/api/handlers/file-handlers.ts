import type { Problem } from "../../config/file-problem.ts";
import type { Engine } from "../../engine/port/engine.ts";
import type { PipelineRegistry } from "../../pipeline/registry.ts";
import type { PipelineScheduler } from "../../scheduler/pipeline-scheduler.ts";
import { CronduitError } from "../../core/errors.ts";
import { iso } from "../../core/iso.ts";
import type { Caller } from "../caller.ts";
import type { Handlers } from "./handler.ts";

/** What the routes about job files act with. */
export interface FileParts {
  readonly scheduler: PipelineScheduler;
  readonly engine: Engine;
  readonly registry: Pick<PipelineRegistry, "get">;
  /** Whether somebody may declare jobs that run commands. */
  readonly mayUseCommands: (caller: Caller) => boolean;
}

/** What the routes about job files do. Reading files takes libraries that nothing else of the API needs. */
export function fileHandlers({
  scheduler,
  engine,
  registry,
  mayUseCommands,
}: FileParts): Handlers<"applyFiles" | "diffFiles" | "exportFiles" | "listFileSources"> {
  const load = () => import("../../config/file-sources.ts");
  return {
    async listFileSources() {
      await engine.open();
      const { listSources } = await load();
      const sources = await listSources(engine);
      return {
        items: sources.map(({ source, isInConflict, accepted, rejected, readers }) => ({
          source,
          isInConflict,
          accepted: accepted && {
            ...accepted,
            at: iso(accepted.at),
            appliedAt: isoOrNull(accepted.appliedAt),
          },
          rejected: rejected && { ...rejected, at: iso(rejected.at) },
          readers: readers.map(({ at, ...reader }) => Object.assign(reader, { at: iso(at) })),
        })),
      };
    },

    async exportFiles({ query: { form = "toml", source, cursor, limit = 200 } }) {
      await engine.open();
      const { exportJobs } = await import("../../config/export/export-jobs.ts");
      const { items, next } = await exportJobs(
        { engine, registry },
        { form, source, after: cursor, limit },
      );
      return {
        items: items.map(({ jobId, text, notes, isExact }) => ({
          jobId,
          text,
          notes: [...notes],
          isExact,
        })),
        nextCursor: next ?? null,
      };
    },

    async diffFiles({ body: { source = "files", files, prune = false, count = 5 } }) {
      const { diffFiles } = await load();
      const diff = await diffFiles(scheduler, { source, files, prune }, count);
      return {
        ...diff,
        problems: diff.problems.map(problemAnswer),
        changes: diff.changes.map(({ runs, overrides, silenced, fields, ...change }) => ({
          kind: change.kind,
          jobId: change.jobId,
          file: change.file,
          line: change.line,
          before: change.before,
          after: change.after,
          needsCare: change.needsCare,
          fields: [...fields],
          runs: runs.map(({ kind, at, to }) => ({
            kind,
            at: iso(at),
            to: to === undefined ? null : iso(to),
          })),
          overrides: overrides.map(({ part, by, until }) => ({
            part,
            by,
            until: isoOrNull(until),
          })),
          silenced: silenced && {
            runsInAWeek: silenced.runsInAWeek,
            lastSuccessAt: isoOrNull(silenced.lastSuccessAt),
            waitedForBy: [...silenced.waitedForBy],
          },
        })),
      };
    },

    async applyFiles({ body: { source = "files", files, prune = false, dryRun = false }, caller }) {
      // Most files have commands, and one that has none now may have one next time.
      if (!mayUseCommands(caller))
        throw new CronduitError(
          "NOT_ALLOWED",
          "POST /files/apply: job files can run commands, so only those whom allowCommands names may apply them.",
        );
      const { applyFiles, tryFiles } = await load();
      const { kind, id } = caller.actor;
      const given = { source, files, prune };
      const applied = dryRun
        ? await tryFiles(scheduler, given)
        : await applyFiles(scheduler, given, `by ${kind} ${id}`);
      return {
        ...applied,
        dryRun,
        problems: applied.problems.map(problemAnswer),
        failed: [...applied.failed],
      };
    },
  };
}

function problemAnswer({ hint, ...problem }: Problem) {
  return { ...problem, hint: hint ?? null };
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}
