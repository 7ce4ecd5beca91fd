import { Hono } from "hono";
import { CronduitError } from "../core/errors.ts";
import { shownUpTo } from "../core/shown.ts";
import { parseOptions } from "../jobs/options.ts";
import { partsOf, PipelineScheduler } from "../scheduler/pipeline-scheduler.ts";
import type { TrustedActor } from "../scheduler/rights.ts";
import { type ApiOptions, apiOptionsSchema } from "./api-options.ts";
import type { Caller, Peer } from "./caller.ts";
import { contract, type RouteName } from "./contract.ts";
import type { Method, Route } from "./contract/route.ts";
import type { AnyHandler, Handlers } from "./handlers/handler.ts";
import { isForCaller, problemResponse, toProblem } from "./problem.ts";
import { jobHandlers } from "./handlers/job-handlers.ts";
import { machineHandlers } from "./handlers/machine-handlers.ts";
import { serveRoute, type Serving } from "./serve-route.ts";

/** The HTTP API of a fleet. Mount it in any server that speaks `Request` and `Response`. */
export interface Api {
  /**
   * Answers a request. It never throws: what goes wrong is an answer, too.
   * @param peer Where the request comes from, as the server that accepted it knows. @default nowhere that is known
   */
  fetch(request: Request, peer?: Peer): Promise<Response>;
  /** The same for requests of this process, which need no credential. @param actor Whom they act for. */
  as(actor: TrustedActor): Pick<Api, "fetch">;
}

/** What routes find beside the request: who sent it, and from where. */
interface Bindings {
  readonly Bindings: { readonly peer: Peer; readonly local: Caller | undefined };
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
  const handlers: Handlers<RouteName> = { ...jobHandlers, ...machineHandlers };
  const app = makeApp(handlers, { scheduler, settings, logger: parts.logger });
  const fetchAs =
    (local: Caller | undefined): Api["fetch"] =>
    async (request, peer = {}) =>
      app.fetch(request, { peer, local });
  return {
    fetch: fetchAs(undefined),
    as: (actor) => ({ fetch: fetchAs({ actor, via: "local" }) }),
  };
}

function makeApp(handlers: Handlers<RouteName>, serving: Serving): Hono<Bindings> {
  const { basePath } = serving.settings;
  const app = new Hono<Bindings>();
  const methods = new Map<string, Method[]>();
  for (const [name, route] of Object.entries(contract) as [RouteName, Route][]) {
    const path = `${basePath}${route.path.replaceAll(/\{(\w+)\}/g, ":$1")}`;
    const handler = handlers[name] as AnyHandler;
    app.on(route.method, path, ({ req, env }) =>
      serveRoute(
        { route, handler },
        { request: req.raw, path: req.param(), caller: env.local },
        serving,
      ),
    );
    methods.set(path, [...(methods.get(path) ?? []), route.method]);
  }
  for (const [path, allowed] of methods)
    app.all(path, ({ req }) => {
      const allow = allowed.join(", ");
      const answer = problemResponse(
        toProblem(
          new CronduitError(
            "METHOD_NOT_ALLOWED",
            `${req.method.slice(0, 20)} is not a method of this path; it has ${allow}.`,
          ),
        ),
      );
      answer.headers.set("allow", allow);
      return answer;
    });
  app.notFound(({ req }) =>
    problemResponse(
      toProblem(
        new CronduitError("ROUTE_NOT_FOUND", `There is no ${shownUpTo(200, req.path)} here.`),
      ),
    ),
  );
  app.onError((error) => {
    if (!isForCaller(error))
      serving.logger.error("a request to the HTTP API could not be answered", { error });
    return problemResponse(toProblem(error));
  });
  return app;
}
