import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type Clock, systemClock } from "../core/clock.ts";
import { type Logger, lineLogger } from "../core/log.ts";
import type { Engine } from "../engine/port/engine.ts";
import { makeEngine } from "../engine/open-engine.ts";
import { hushed } from "../engine/calls/outage.ts";
import { EventBus } from "../events/event-bus.ts";
import { EventFeed } from "../events/event-feed.ts";
import type { Actor } from "../jobs/actor.ts";
import { PipelineRegistry } from "../pipeline/registry.ts";
import { runtimeTuning } from "../worker/worker-options.ts";
import { WorkerRuntime } from "../worker/worker-runtime.ts";
import { Reconciler } from "./reconciler.ts";
import type { SchedulerSettings } from "./scheduler-options.ts";

/** Characters of a host's name that name an actor. */
const MAX_HOST = 128;

/** The parts of a scheduler. */
export interface SchedulerParts {
  readonly engine: Engine;
  readonly registry: PipelineRegistry;
  readonly bus: EventBus;
  /** For those who follow events from a position on. */
  readonly feed: EventFeed;
  readonly reconciler: Reconciler;
  /** Absent if this process only schedules. */
  readonly worker:
    Pick<WorkerRuntime, "active" | "id" | "runAround" | "start" | "stop"> | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Who acts through this scheduler: its process. */
  readonly by: Actor;
  /** Whether the process lives on while it is started. @default true */
  readonly keepsProcess?: boolean;
  /** Called around each call of a listener. @default nothing */
  readonly aroundListener?: (<T>(call: () => T) => T) | undefined;
}

/** Assembles the parts of a scheduler without connecting anything. */
export function assemble(settings: SchedulerSettings): SchedulerParts {
  const clock = settings.clock ?? systemClock;
  const logger = settings.logger ?? lineLogger("info");
  const { connection, prefix, container } = settings;
  if (connection === undefined) sayThatNothingIsKept(logger);
  const { timeout: timeoutMs, migrate } = settings;
  const engine = makeEngine({ connection, prefix, clock, logger, timeoutMs, migrate });
  const registry = new PipelineRegistry(settings.pipelines, "new PipelineScheduler");
  const worker =
    settings.worker &&
    new WorkerRuntime({
      engine,
      registry,
      container,
      clock,
      logger,
      ...runtimeTuning(settings.worker),
    });
  return around({ engine, registry, worker, clock, logger }, settings);
}

/** Adds what every scheduler has to parts that differ. */
export function around(
  parts: Omit<SchedulerParts, "bus" | "by" | "feed" | "reconciler">,
  settings: Pick<SchedulerSettings, "reconcile" | "overdue" | "finishedRetention">,
): SchedulerParts {
  const { engine, clock, logger, worker } = parts;
  const owner = randomUUID();
  const quiet = hushed(logger, engine);
  const bus = new EventBus({
    engine,
    clock,
    logger: quiet,
    owner,
    localWorker: () => worker?.id,
    around: parts.aroundListener,
  });
  const reconciler = new Reconciler({
    engine,
    clock,
    logger: quiet,
    owner,
    everyMs: settings.reconcile,
    overdueMs: settings.overdue,
    finishedRetentionMs: settings.finishedRetention,
  });
  const feed = new EventFeed({ engine, clock, logger: quiet });
  return {
    ...parts,
    bus,
    feed,
    reconciler,
    by: { kind: "code", id: hostname().slice(0, MAX_HOST) },
  };
}

function sayThatNothingIsKept(logger: Logger): void {
  logger.info(
    'no connection given: jobs and history are kept in this process\'s memory. Keep them with connection: "embedded://folder"; share them among processes with "postgres://…" or "redis://…".',
  );
}
