import { type Api, createApi } from "../../src/api/create-api.ts";
import type { ApiOptions } from "../../src/api/api-options.ts";
import type { Clock } from "../../src/core/clock.ts";
import { silentLogger } from "../../src/core/log.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { StillClock } from "../helpers/still-clock.ts";
import { type Answered, type Asked, callApi } from "./call-api.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const START = Date.UTC(2026, 5, 1);
/** Long, and made of nothing that anybody knows. */
export const GOOD = "violet-harbour-19-otters";
export const SECRET = "0123456789abcdef0123456789abcdef-first";

export const Report = defineJob({ name: "report", run: async () => undefined });

/** A fleet on a time that stands still, with an API that has accounts. */
export class AccountsFleet implements AsyncDisposable {
  readonly clock = new StillClock(START);
  readonly scheduler: PipelineScheduler;
  readonly api: Api;
  readonly local: Pick<Api, "fetch">;

  constructor(
    options: Partial<ApiOptions> = {},
    clock?: Clock,
    server: { readonly connection: string; readonly prefix?: string } = { connection: "memory:" },
  ) {
    this.scheduler = new PipelineScheduler({
      ...server,
      pipelines: [Report],
      logger: silentLogger,
      clock: clock ?? this.clock,
    });
    this.api = createApi({
      scheduler: this.scheduler,
      auth: { jwt: { secret: SECRET } },
      ...options,
    });
    this.local = this.api.as({ kind: "cli", id: "root" });
  }

  /** Calls as somebody with this credential, or without one. */
  call(path: string, asked: Asked & { as?: string; from?: string } = {}): Promise<Answered> {
    const { as, from = "203.0.113.7", ...rest } = asked;
    const headers = {
      ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
      ...rest.headers,
    };
    const api = { fetch: (request: Request) => this.api.fetch(request, { address: from }) };
    return callApi(api, path, { ...rest, headers });
  }

  /** Makes a user, who has chosen a password. */
  async addUser(id: string, given: object = {}, password = GOOD): Promise<void> {
    const made = await callApi(this.local, "/users", { method: "POST", body: { id, ...given } });
    requireStatus(made, 201);
    const { oneTimePassword } = made.body as { oneTimePassword: string };
    const body = { user: id, password: oneTimePassword, newPassword: password };
    requireStatus(await this.call("/session", { method: "POST", body }), 201);
  }

  /** Signs in as a program. @returns the JWT */
  async jwtOf(user: string, password = GOOD): Promise<string> {
    const answer = await this.call("/session", {
      method: "POST",
      body: { user, password, as: "jwt" },
    });
    requireStatus(answer, 201);
    return (answer.body as { token: string }).token;
  }

  /** Signs in as a browser. */
  async browserOf(user: string, password = GOOD): Promise<Browser> {
    const answer = await this.call("/session", { method: "POST", body: { user, password } });
    requireStatus(answer, 201);
    return browserAfter(answer);
  }

  /** Makes an API token of a user. */
  async tokenOf(user: string, given: object = {}): Promise<{ id: string; secret: string }> {
    const answer = await callApi(this.local, "/tokens", {
      method: "POST",
      body: { user, name: "ci", ...given },
    });
    requireStatus(answer, 201);
    const { token, secret } = answer.body as { token: { id: string }; secret: string };
    return { id: token.id, secret };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.scheduler.shutdown();
  }
}

/** What a browser sends. */
export interface Browser {
  readonly cookie: string;
  readonly csrf: string;
  readonly headers: { readonly cookie: string; readonly "x-cronduit-csrf": string };
}

/** A browser that got this answer. */
export function browserAfter({ headers, body }: Answered): Browser {
  const [cookie = ""] = (headers.get("set-cookie") ?? "").split(";");
  const { csrf } = body as { csrf: string };
  return { cookie, csrf, headers: { cookie, "x-cronduit-csrf": csrf } };
}

function requireStatus({ status, body }: Answered, wanted: number): void {
  if (status !== wanted) throw new Error(`${status}: ${JSON.stringify(body)}`);
}
