import { refuseForgotten } from "../engine/forgotten-connection.ts";
import { RunHistory } from "../history/run-history.ts";
import { RunLogs } from "../history/run-logs.ts";
import { parseOptions } from "../jobs/options.ts";
import { zoneOf } from "../triggers/time/zone.ts";
import type { assemble, SchedulerParts } from "./assembly.ts";
import { Backfills } from "./backfill.ts";
import { ChangeLog } from "./change-log.ts";
import type { SchedulerListsParts } from "./scheduler-lists.ts";
import { JobCommands } from "./job-commands.ts";
import { Lifecycle } from "./lifecycle.ts";
import { RunCommands } from "./run-commands.ts";
import { type PipelineSchedulerOptions, schedulerOptionsSchema } from "./scheduler-options.ts";

/** The parts that the facade delegates to. */
interface Made {
  readonly parts: SchedulerParts;
  readonly lifecycle: Lifecycle;
  readonly jobCommands: JobCommands;
  readonly lists: SchedulerListsParts;
}

/**
 * Checks a scheduler's options and makes its parts without connecting anything.
 * @param assembleParts Makes those that a testing kit replaces.
 */
export function makeScheduler(
  options: PipelineSchedulerOptions,
  assembleParts: typeof assemble,
): Made {
  // An absent option means this process's memory; an explicit `undefined` is a mistake.
  if (typeof options === "object" && (options as unknown) !== null && "connection" in options)
    refuseForgotten(options.connection, "new PipelineScheduler");
  const settings = parseOptions(schedulerOptionsSchema, options, "new PipelineScheduler");
  zoneOf(settings.timezone);
  const parts = assembleParts(settings);
  const { engine, registry, clock, logger, by } = parts;
  const lifecycle = new Lifecycle(parts, { signals: settings.signals, drainMs: settings.drain });
  const jobCommands = new JobCommands({
    engine,
    registry,
    logger,
    changes: new ChangeLog(logger, clock),
    defaults: { ...settings, rules: options.jobDefaults },
    by,
  });
  const history = new RunHistory(engine);
  const runs = new RunCommands({
    engine,
    store: jobCommands.store,
    history,
    clock,
    describe: (pipeline) => jobCommands.describe(pipeline),
    by,
  });
  return {
    parts,
    lifecycle,
    jobCommands,
    lists: {
      engine,
      registry,
      logger,
      history,
      runs,
      logs: new RunLogs(engine, history, clock),
      backfills: new Backfills(engine, jobCommands.store, by),
      timezone: settings.timezone,
      ready: () => lifecycle.ready(),
    },
  };
}
