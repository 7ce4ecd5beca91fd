import type { Engine } from "../engine/port/engine.ts";
import type { Logger } from "../core/log.ts";
import type { ActiveRun } from "./active-run.ts";
import { Admissions } from "./admission.ts";
import { CancelWatch } from "./cancel-watch.ts";
import { DefinitionCache } from "./definition-cache.ts";
import { LogWriter } from "./log-writer.ts";
import { RunPerformer, type RunPerformerParts } from "./run-performer.ts";

/** What a consumer is made with. */
export interface QueueConsumerParts extends Omit<RunPerformerParts, "engine" | "logs"> {
  /** The queue's own engine. */
  readonly engine: Engine;
  readonly maxCrashes: number;
  /** For warnings about a server that is away. */
  readonly hushed: Logger;
}

/** One of the queues that a worker serves: the engine of that queue, and everything that works on it. */
export class QueueConsumer {
  readonly engine: Engine;
  readonly definitions: DefinitionCache;
  readonly admissions: Admissions;
  readonly performer: RunPerformer;
  readonly cancels: CancelWatch;
  readonly logs: LogWriter;
  /** The runs being executed, by queue job. */
  readonly active = new Map<string, ActiveRun>();

  constructor(parts: QueueConsumerParts) {
    const { engine, clock, hushed: logger } = parts;
    this.engine = engine;
    this.definitions = new DefinitionCache(engine);
    this.admissions = new Admissions({ ...parts, definitions: this.definitions });
    this.logs = new LogWriter(engine, clock, logger);
    this.performer = new RunPerformer({ ...parts, logs: this.logs });
    this.cancels = new CancelWatch({ engine, clock, logger, active: () => this.active.values() });
  }
}
