import { type Context, Hono } from "hono";
import type { Clock } from "../core/clock.ts";
import { errorSink } from "../core/error-sink.ts";
import { CronduitError } from "../core/errors.ts";
import { shownUpTo } from "../core/shown.ts";
import type { Authenticator, Caller, Peer } from "./caller.ts";
import { contract, type RouteName } from "./contract.ts";
import { PAGES } from "./contract/pages.ts";
import type { Method, Route } from "./contract/route.ts";
import type { DashboardAnswers } from "./dashboard/dashboard-answers.ts";
import { answerHeaders } from "./edge/answer-headers.ts";
import { type Gate, rateHeaders } from "./edge/gate.ts";
import type { RateVerdict } from "./edge/rate-limiter.ts";
import { RefusalLog } from "./edge/refusal-log.ts";
import type { AnyHandler, Handlers } from "./handlers/handler.ts";
import { isForCaller, isForLog, problemResponse } from "./problem.ts";
import { serveRoute, type Serving } from "./serve-route.ts";

/** What an app is made of. */
export interface AppParts extends Serving {
  /** Of the routes that are served. */
  readonly handlers: Partial<Handlers<RouteName>>;
  /** Absent: it is not served. */
  readonly dashboard: { readonly path: string; readonly answers: DashboardAnswers } | undefined;
  readonly authenticators: readonly Authenticator[];
  readonly gate: Gate;
  readonly clock: Clock;
}

/** What every request finds: who sent it, if it is of this process, and from where. */
interface Env {
  readonly Bindings: { readonly peer: Peer; readonly local: Caller | undefined };
  readonly Variables: {
    /** How many more requests are allowed: of the address and, once that is known, of the caller. */
    rate: RateVerdict;
    /** The address that the request is counted for; "local": it is of this process. */
    address: string;
    /** Who sent it, once that is known. */
    caller: Caller | undefined;
  };
}

/** Puts the routes behind the checks that all have. */
export function makeApp(parts: AppParts): Hono<Env> {
  const { settings, logger, gate, clock } = parts;
  const app = new Hono<Env>();
  app.use(...answerHeaders(settings));
  app.use(async (context, next) => {
    const { req, env } = context;
    const address = env.local ? "local" : gate.addressOf(req.raw, env.peer);
    context.set("address", address);
    if (env.local) return next();
    context.set("rate", gate.enter(req.raw, address, env.peer));
    await next();
    for (const [key, value] of Object.entries(rateHeaders(context.get("rate"))))
      context.res.headers.set(key, value);
  });
  const methods = new Map<string, Method[]>();
  for (const [name, handler] of Object.entries(parts.handlers)) {
    const route: Route = contract[name as RouteName];
    const path = `${settings.basePath}${route.path.replaceAll(/\{(\w+)\}/g, ":$1")}`;
    app.on(route.method, path, (context) => serve(context, { route, handler }, parts));
    methods.set(path, [...(methods.get(path) ?? []), route.method]);
  }
  for (const [path, allowed] of methods)
    app.all(path, ({ req }) => refuseMethod(req.method, allowed));
  if (parts.dashboard) addDashboard(app, parts.dashboard);
  app.notFound(({ req }) =>
    problemResponse(
      new CronduitError("ROUTE_NOT_FOUND", `There is no ${shownUpTo(200, req.path)} here.`),
    ),
  );
  const unanswered = "a request to the HTTP API could not be answered";
  // While a server is gone, every request says the same.
  const warn = errorSink(logger, unanswered, clock);
  const refusals = new RefusalLog(logger, clock);
  app.onError((error, context) => {
    if (!isForCaller(error)) logger.error(unanswered, { error });
    else if (isForLog(error)) warn(error);
    else
      refusals.note({
        code: error.code,
        request: context.req.raw,
        address: context.get("address"),
        caller: context.get("caller"),
      });
    return problemResponse(error);
  });
  return app;
}

/** The dashboard's pages and files need no credential: they show nothing but what the API answers. */
function addDashboard(app: Hono<Env>, { path, answers }: NonNullable<AppParts["dashboard"]>): void {
  if (path !== "")
    // Relative: below which path a proxy has put this, nobody knows here.
    app.get(path, ({ redirect }) => redirect(`${path.slice(path.lastIndexOf("/") + 1)}/`, 308));
  app.get(`${path}/assets/:name`, async ({ req, notFound }) => {
    return (await answers.asset(req.param("name"), req.raw)) ?? notFound();
  });
  for (const page of PAGES) {
    app.get(`${path}/${page}`, ({ req }) => answers.page(req.raw));
    if (page !== "") app.get(`${path}/${page}/*`, ({ req }) => answers.page(req.raw));
  }
}

async function serve(
  context: Context<Env>,
  served: { readonly route: Route; readonly handler: AnyHandler },
  parts: AppParts,
): Promise<Response> {
  const { req, env } = context;
  // Whoever signs in, or asks whether this lives, may have an old credential.
  const isOpen = served.route.access === "anyone";
  const address = context.get("address");
  const again = async () => env.local ?? callerOf(req.raw, { peer: env.peer, address }, parts);
  const caller = isOpen ? env.local : await again();
  context.set("caller", caller);
  if (caller && !env.local)
    parts.gate.count(caller, parts.quotas.ofCaller(caller), (rate) => context.set("rate", rate));
  const answer = await serveRoute(
    served,
    {
      request: req.raw,
      path: req.param(),
      caller,
      again,
      address,
    },
    parts,
  );
  return req.raw.method === "HEAD" ? withoutBody(answer) : answer;
}

/** Nobody reads the body of an answer to HEAD, nor ends it: a stream would stay open for good. */
async function withoutBody(answer: Response): Promise<Response> {
  const { status, headers, body } = answer;
  await body?.cancel();
  return new Response(null, { status, headers });
}

async function callerOf(
  request: Request,
  { peer, address }: { readonly peer: Peer; readonly address: string },
  { authenticators, gate }: AppParts,
): Promise<Caller | undefined> {
  try {
    for (const authenticator of authenticators) {
      const caller = await authenticator.authenticate(request, peer);
      if (caller) return caller;
    }
  } catch (error) {
    gate.countRefused(address);
    throw error;
  }
  return undefined;
}

function refuseMethod(method: string, allowed: readonly Method[]): Response {
  const allow = allowed.join(", ");
  const answer = problemResponse(
    new CronduitError(
      "METHOD_NOT_ALLOWED",
      `${method.slice(0, 20)} is not a method of this path; it has ${allow}.`,
    ),
  );
  answer.headers.set("allow", allow);
  return answer;
}
