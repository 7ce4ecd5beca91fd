import type { Client } from "../../api/client/create-client.ts";
import { createClient } from "../../api/client/create-client.ts";
import { type Api, createApi } from "../../api/create-api.ts";
import { toNodeListener } from "../../api/edge/node-listener.ts";
import type { ApiOptions } from "../../api/api-options.ts";
import type { Clock } from "../../core/clock.ts";
import { isCronduitError } from "../../core/errors.ts";
import type { Logger } from "../../core/log.ts";
import type { PipelineClass } from "../../pipeline/pipeline.ts";
import { partsOf, PipelineScheduler } from "../../scheduler/pipeline-scheduler.ts";
import type { PipelineSchedulerOptions } from "../../scheduler/scheduler-options.ts";
import { PipelineWorker } from "../../worker/pipeline-worker.ts";
import { CliError } from "../cli-error.ts";
import type { DaemonSettings } from "./daemon-settings.ts";
import type { HttpDoor } from "./http-door.ts";
import { openLocalDoor } from "./local-door.ts";
import { requireAccess } from "./require-access.ts";
import { type RunAtWork, runsAtWork, runsOf } from "./runs-at-work.ts";
import { openTcpDoor } from "./tcp-door.ts";

/** What a daemon is made of. */
export interface DaemonParts {
  readonly settings: DaemonSettings;
  readonly pipelines: readonly PipelineClass[];
  readonly logger: Logger;
  readonly clock: Clock;
  /** Whose requests come over the socket: who is on this machine. */
  readonly userName: string;
  /** Options of the scheduler that only some daemons have. */
  readonly scheduler?: Pick<PipelineSchedulerOptions, "clock" | "overdue" | "reconcile">;
}

/** What happens between that the fleet is reached and that it works: files are applied. */
export type BeforeWork = (scheduler: PipelineScheduler) => Promise<void>;

/**
 * A process that runs jobs for people who write no code: a scheduler with a worker, or one of them, and the HTTP API over a socket
 * of this machine and perhaps TCP.
 */
export class Daemon {
  readonly scheduler: PipelineScheduler;
  readonly api: Api;
  readonly #parts: DaemonParts;
  /** Only for a process that only works: there, nobody schedules. */
  readonly #worker: PipelineWorker | undefined;
  #doors: readonly HttpDoor[] = [];
  #ending: Promise<void> | undefined;

  /** @throws {@link CronduitError} `INVALID_OPTION` */
  constructor(parts: DaemonParts) {
    this.#parts = parts;
    const { settings, logger, pipelines } = parts;
    const { connection, prefix, drain, concurrency, queues, part, timezone } = settings;
    const tuning = { concurrency, ...(queues === undefined ? {} : { queues: [...queues] }) };
    const shared = { connection, prefix, logger, drain };
    this.#worker =
      part === "worker"
        ? new PipelineWorker({ ...shared, ...tuning, pipelines, signals: [] })
        : undefined;
    this.scheduler = new PipelineScheduler({
      ...shared,
      ...parts.scheduler,
      timezone,
      pipelines,
      worker: part === "all" ? tuning : false,
    });
    // Browsers come by TCP only.
    const dashboard = settings.tcp !== undefined && settings.api.only === undefined;
    this.api = makeApi({ ...settings.api, dashboard, scheduler: this.scheduler }, logger);
  }

  /** Asks the fleet in this process, as the administrator of this machine. */
  get client(): Client {
    const { basePath = "" } = this.#parts.settings.api;
    const { fetch } = this.#local;
    return createClient({ url: `http://localhost${basePath}`, fetch });
  }

  /** Where it listens. */
  get doors(): readonly HttpDoor[] {
    return this.#doors;
  }

  /** Whether jobs and history are there again after its end. */
  get keepsState(): boolean {
    return this.#parts.settings.connection !== "memory:";
  }

  /** The runs that are executed here. */
  get atWork(): readonly RunAtWork[] {
    if (this.#worker) return runsOf(this.#worker.running);
    return runsAtWork(partsOf(this.scheduler)?.worker?.active ?? [], this.#parts.clock);
  }

  /**
   * Connects, listens, and begins to work. Whatever fails, nothing is left open.
   * @throws {@link CronduitError} of the connection; {@link CliError} of a door
   */
  async start(beforeWork: BeforeWork): Promise<void> {
    try {
      // A worker alone needs no second connection, unless somebody may ask it how it is.
      if (!this.#worker || this.#parts.settings.tcp) {
        await partsOf(this.scheduler)?.engine.open();
        await requireAccess(this.#parts.settings, this.client);
        await this.#openDoors();
      }
      await beforeWork(this.scheduler);
      await (this.#worker ?? this.scheduler).start();
    } catch (error) {
      await this.stop(false);
      throw error;
    }
  }

  /** Ends everything: what runs may end first, unless it is not waited for. Safe to call twice; the second may hurry the first. */
  async stop(isWaiting: boolean): Promise<void> {
    if (!this.#worker)
      return this.#afterRequests(() => this.scheduler.shutdown({ wait: isWaiting }));
    await this.#worker.stop({ wait: isWaiting });
    await this.#afterRequests(() => this.scheduler.shutdown({ wait: false }));
  }

  /** Whoever asks gets an answer before there is nobody who could give one. */
  async #afterRequests(end: () => Promise<void>): Promise<void> {
    this.#ending ??= Promise.all(this.#doors.map((door) => door.close())).then(() => undefined);
    await this.#ending;
    await end();
  }

  get #local(): Pick<Api, "fetch"> {
    return this.api.as({ kind: "cli", id: this.#parts.userName });
  }

  async #openDoors(): Promise<void> {
    const { settings, clock } = this.#parts;
    const local = settings.socket && (await this.#openLocal(settings.socket));
    this.#doors = local ? [local] : [];
    if (!settings.tcp) return;
    const listener = toNodeListener(this.api);
    const tcp = await openTcpDoor((...ask) => void listener(...ask), { ...settings.tcp, clock });
    this.#doors = [...this.#doors, tcp];
  }

  async #openLocal(place: NonNullable<DaemonSettings["socket"]>): Promise<HttpDoor | undefined> {
    const { clock, logger } = this.#parts;
    const listener = toNodeListener(this.#local);
    try {
      return await openLocalDoor((...ask) => void listener(...ask), { ...place, clock });
    } catch (error) {
      if (place.isRequired || !(error instanceof CliError)) throw error;
      logger.info(`No socket for other commands on this machine: ${error.message}`, {
        hint: error.hint,
      });
      return undefined;
    }
  }
}

/** The API, without its dashboard where nobody has built one, as in a checkout: jobs run all the same. */
function makeApi(options: ApiOptions, logger: Logger): Api {
  try {
    return createApi(options);
  } catch (error) {
    const isNotBuilt =
      isCronduitError(error, "INVALID_OPTION") && error.data.path === "dashboard.files";
    if (!isNotBuilt) throw error;
    logger.warn(`There is no dashboard: ${error.message}`);
    return createApi({ ...options, dashboard: false });
  }
}
