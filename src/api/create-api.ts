import { CronduitError } from "../core/errors.ts";
import { shownUpTo } from "../core/shown.ts";
import { parseOptions } from "../jobs/options.ts";
import { partsOf, PipelineScheduler } from "../scheduler/pipeline-scheduler.ts";
import type { TrustedActor } from "../scheduler/rights.ts";
import { makePeople } from "./accounts/people.ts";
import type { SetupToken } from "./accounts/set-up.ts";
import type { SignInToken } from "./accounts/sign-in-links.ts";
import { type ApiOptions, apiOptionsSchema } from "./api-options.ts";
import type { Caller, Peer } from "./caller.ts";
import type { RouteName } from "./contract.ts";
import { BuiltFiles } from "./dashboard/built-files.ts";
import { DashboardAnswers } from "./dashboard/dashboard-answers.ts";
import { dashboardPlace } from "./dashboard/dashboard-options.ts";
import { Gate } from "./edge/gate.ts";
import type { Handlers } from "./handlers/handler.ts";
import { checkHandlers } from "./handlers/check-handlers.ts";
import { describing } from "./handlers/description-handlers.ts";
import { eventHandlers } from "./handlers/event-handlers.ts";
import { fileHandlers } from "./handlers/file-handlers.ts";
import { fleetHandlers } from "./handlers/fleet-handlers.ts";
import { jobChangeHandlers } from "./handlers/job-change-handlers.ts";
import { jobHandlers } from "./handlers/job-handlers.ts";
import { machineHandlers } from "./handlers/machine-handlers.ts";
import { peopleHandlers } from "./handlers/people-handlers.ts";
import { overviewHandlers } from "./handlers/overview-handlers.ts";
import { runHandlers } from "./handlers/run-handlers.ts";
import { timelineHandlers } from "./handlers/timeline-handlers.ts";
import { StreamHub } from "./streams/stream-hub.ts";
import { occurrenceHandlers } from "./handlers/occurrence-handlers.ts";
import { pipelineHandlers } from "./handlers/pipeline-handlers.ts";
import { scheduleHandlers } from "./handlers/schedule-handlers.ts";
import { quotaLimits } from "./job-limits.ts";
import { mayUseCommands } from "./may-use-commands.ts";
import { makeApp } from "./make-app.ts";

/** The HTTP API of a fleet. Mount it in any server that speaks `Request` and `Response`. */
export interface Api {
  /**
   * Answers a request. It never throws: what goes wrong is an answer, too.
   * @param peer Where the request comes from, as the server that accepted it knows. @default nowhere that is known
   */
  fetch(request: Request, peer?: Peer): Promise<Response>;
  /** The same for requests of this process, which need no credential. @param actor Whom they act for. */
  as(actor: TrustedActor): Pick<Api, "fetch">;
  /**
   * Makes a token of 15 minutes for `POST /setup`, which makes the first administrator: show it to the person at this machine, and
   * to nobody else. A later one replaces it.
   * @returns `undefined` if there is an administrator
   */
  setupToken(): Promise<SetupToken | undefined>;
  /**
   * Makes a token of 15 minutes for `POST /session/link`, which signs a browser in, once: for the person who started this process.
   * A later one replaces it.
   * @param login Whose session it begins. A user who is not there is made then: an administrator without a password.
   * @throws {@link CronduitError} `INVALID_OPTION`
   */
  signInToken(login: string): Promise<SignInToken>;
}

/**
 * Makes the HTTP API of a scheduler's fleet.
 * @throws {@link CronduitError} `INVALID_OPTION`
 */
export function createApi(options: ApiOptions): Api {
  const { scheduler, ...given } = { ...options };
  const parts = scheduler instanceof PipelineScheduler ? partsOf(scheduler) : undefined;
  if (!parts)
    throw new CronduitError(
      "INVALID_OPTION",
      `createApi, option "scheduler": must be a PipelineScheduler, and not what \`as\` returned; got ${shownUpTo(60, scheduler)}.`,
      { data: { path: "scheduler" } },
    );
  const settings = parseOptions(apiOptionsSchema, given, "createApi");
  const people = makePeople(parts, settings);
  const { clock, engine } = parts;
  const hub = new StreamHub(clock, settings.limits, (caller) => people.quotas.ofCaller(caller));
  const limits = quotaLimits(people.quotas, clock);
  const mayUse = mayUseCommands(settings.allowCommands);
  const machines = machineHandlers(scheduler, clock);
  const all: Handlers<RouteName> = {
    ...eventHandlers({ open: people.open, clock, hub }),
    ...fileHandlers({ scheduler, engine, registry: parts.registry, mayUseCommands: mayUse }),
    ...fleetHandlers,
    ...checkHandlers(parts),
    ...jobHandlers,
    ...jobChangeHandlers(limits),
    ...occurrenceHandlers(limits, () => engine.now()),
    ...scheduleHandlers,
    ...pipelineHandlers(parts.registry),
    ...machines,
    ...overviewHandlers,
    ...timelineHandlers,
    ...describing(settings.basePath),
    ...peopleHandlers(people),
    ...runHandlers(clock, hub),
  };
  const handlers: Partial<Handlers<RouteName>> = settings.only === "machines" ? machines : all;
  const gate = new Gate(settings, clock);
  const place = dashboardPlace(settings);
  const app = makeApp({
    handlers,
    dashboard: place && {
      path: place.path,
      answers: new DashboardAnswers(new BuiltFiles(place.files), place, settings.basePath),
    },
    // The first that finds its kind of credential says who it is.
    authenticators: people.authenticators,
    gate,
    clock,
    scheduler,
    settings,
    logger: parts.logger,
    quotas: people.quotas,
    answers: { open: people.open, now: () => engine.now() },
    mayUseCommands: mayUse,
  });
  const fetchAs =
    (local: Caller | undefined): Api["fetch"] =>
    async (request, peer = {}) => {
      // The first request of a process that has two secrets: within the time in which both are there.
      void people.secondFactors.renew();
      return app.fetch(request, { peer, local });
    };
  return {
    fetch: fetchAs(undefined),
    as: (actor) => ({ fetch: fetchAs({ actor, via: "local" }) }),
    setupToken: () => people.setUp.makeToken(),
    signInToken: (login) => people.links.makeToken(login),
  };
}
