import type { Logger } from "../../core/log.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";
import type { Quotas } from "../accounts/quotas.ts";
import type { Caller } from "../caller.ts";
import type { Contract, RouteName } from "../contract.ts";
import type { AnswerOf, BodyOf, PathOf, QueryOf, Route } from "../contract/route.ts";

/** A call of a route, read and checked. */
export interface Call<R extends Route> {
  readonly path: PathOf<R>;
  readonly query: QueryOf<R>;
  readonly body: BodyOf<R>;
  /** The scheduler, as the caller may use it; an open route has none if nobody said who they are. */
  readonly scheduler: R["access"] extends "anyone" ? ActingScheduler | undefined : ActingScheduler;
  readonly caller: R["access"] extends "anyone" ? Caller | undefined : Caller;
  /** Looks up again who sent the request: for answers that go on for long. @throws what looking it up throws */
  readonly again: () => Promise<Caller | undefined>;
  /** The scheduler, as the caller may use it, with a note of its own for what it changes. */
  readonly acting: (note?: string) => ActingScheduler;
  readonly request: Request;
  /** The address that the request came from. */
  readonly address: string;
  /** How much owners may use. */
  readonly quotas: Quotas;
  /** Answers with another status than the route's. */
  readonly status: (status: 200 | 201 | 202) => void;
  readonly logger: Logger;
  /** Headers of the answer. */
  readonly headers: Headers;
}

/** What a route does. */
export type Handler<R extends Route> = (call: Call<R>) => Promise<AnswerOf<R>>;

/** What any route does; what it takes is checked by its contract before. */
export type AnyHandler = (call: never) => Promise<unknown>;

/** What routes of some names do. */
export type Handlers<N extends RouteName> = { readonly [K in N]: Handler<Contract[K]> };
