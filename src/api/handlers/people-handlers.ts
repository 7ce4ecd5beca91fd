import type { People } from "../accounts/people.ts";
import type { peopleRoutes } from "../contract/people-routes.ts";
import type { Handlers } from "./handler.ts";
import { secondFactorHandlers } from "./second-factor-handlers.ts";
import { sessionHandlers } from "./session-handlers.ts";
import { tokenHandlers } from "./token-handlers.ts";
import { userHandlers } from "./user-handlers.ts";

/** What the routes about people do. */
export function peopleHandlers(people: People): Handlers<keyof typeof peopleRoutes> {
  return {
    ...sessionHandlers(people),
    ...secondFactorHandlers(people),
    ...userHandlers(people),
    ...tokenHandlers(people),
  };
}
