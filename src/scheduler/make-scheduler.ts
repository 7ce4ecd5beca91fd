import { refuseForgotten } from "../engine/forgotten-connection.ts";
import { type PeoplesEngine, ScopedEngine } from "../engine/scoped/scoped-engine.ts";
import { Accounts } from "../history/account.ts";
import { ChangeHistory } from "../history/change-history.ts";
import { RunHistory } from "../history/run-history.ts";
import { RunLogs } from "../history/run-logs.ts";
import { parseOptions } from "../jobs/options.ts";
import { checkTimezone } from "../jobs/timezone-option.ts";
import { assemble, type SchedulerParts } from "./assembly.ts";
import { Backfills } from "./backfill.ts";
import { BulkCommands } from "./bulk.ts";
import { ChangeLog } from "./change-log.ts";
import type { SchedulerOverridesParts } from "./scheduler-overrides.ts";
import { JobCommands, type ScheduleDefaults } from "./job-commands.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { Rights } from "./rights.ts";
import { RunCommands } from "./run-commands.ts";
import {
  type PipelineSchedulerOptions,
  type SchedulerSettings,
  schedulerOptionsSchema,
} from "./scheduler-options.ts";

/** What one actor's calls go through. */
export interface Desk {
  readonly rights: Rights;
  /** The fleet as this actor sees it. */
  readonly engine: PeoplesEngine;
  readonly jobs: JobCommands;
  readonly lists: SchedulerOverridesParts;
}

/** The parts that the facade delegates to. */
export interface Made {
  readonly parts: SchedulerParts;
  readonly lifecycle: Lifecycle;
  /** Makes the desk of an actor. */
  deskOf(rights: Rights): Desk;
}

/** Makes a scheduler that shares the parts of another and acts with these rights. */
export class ActsFor {
  readonly made: Made;
  readonly rights: Rights;

  constructor(made: Made, rights: Rights) {
    this.made = made;
    this.rights = rights;
  }
}

/** How a scheduler is made. */
interface Making {
  /** Makes the parts that a testing kit replaces. */
  readonly assemble: (settings: SchedulerSettings) => SchedulerParts;
  /** The call that users write, for errors. */
  readonly where: string;
}

/** How a program makes one. */
export const IN_A_PROGRAM: Making = { assemble, where: "new PipelineScheduler" };

/** Checks a scheduler's options and makes its parts without connecting anything. */
export function makeScheduler(options: PipelineSchedulerOptions, making: Making): Made {
  // An absent option means this process's memory; an explicit `undefined` is a mistake.
  if (typeof options === "object" && (options as unknown) !== null && "connection" in options)
    refuseForgotten(options.connection, making.where);
  const settings = parseOptions(schedulerOptionsSchema, options, making.where);
  checkTimezone(settings.timezone, making.where);
  const parts = making.assemble(settings);
  const lifecycle = new Lifecycle(parts, { signals: settings.signals, drainMs: settings.drain });
  const defaults = { ...settings, rules: options.jobDefaults };
  return { parts, lifecycle, deskOf: (rights) => makeDesk({ parts, lifecycle, defaults, rights }) };
}

function makeDesk({
  parts,
  lifecycle,
  defaults,
  rights,
}: Pick<Made, "parts" | "lifecycle"> & {
  readonly defaults: ScheduleDefaults;
  readonly rights: Rights;
}): Desk {
  const { registry, clock, logger } = parts;
  const engine = rights.isWhole ? parts.engine : new ScopedEngine(parts.engine, rights);
  const { by } = rights;
  const jobs = new JobCommands({
    engine,
    registry,
    logger,
    changes: new ChangeLog(logger, clock),
    defaults,
    rights,
    onTimed: (jobId, inMs) => parts.reconciler.expect(jobId, inMs),
  });
  const history = new RunHistory(engine);
  const runs = new RunCommands({
    engine,
    store: jobs.store,
    history,
    clock,
    describe: (pipeline) => jobs.describe(pipeline),
    rights,
  });
  return {
    rights,
    engine,
    jobs,
    lists: {
      engine,
      registry,
      logger,
      bulk: new BulkCommands({ engine, by, scope: rights.changes }),
      history,
      runs,
      logs: new RunLogs(engine, history, clock),
      backfills: new Backfills({ engine, store: jobs.store, registry, rights }),
      changes: new ChangeHistory(engine, registry),
      accounts: new Accounts(parts.engine, rights.sees),
      by,
      timezone: defaults.timezone,
      scope: rights.sees,
      overrides: jobs.overrides,
      ready: () => lifecycle.ready(),
    },
  };
}
