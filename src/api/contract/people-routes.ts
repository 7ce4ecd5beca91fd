import { secondFactorRoutes } from "./second-factor-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { tokenRoutes } from "./token-routes.ts";
import { userRoutes } from "./user-routes.ts";

/** Routes about people: who they are, and what they may do. */
export const peopleRoutes = {
  ...sessionRoutes,
  ...secondFactorRoutes,
  ...userRoutes,
  ...tokenRoutes,
};
