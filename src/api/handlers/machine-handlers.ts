import type { Handlers } from "./handler.ts";

/** What the routes for other programs do. */
export const machineHandlers: Handlers<"live"> = {
  live: async () => ({ status: "live" }),
};
