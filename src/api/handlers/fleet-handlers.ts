import type { ChangeQuery } from "../../history/change-history.ts";
import { asJson } from "./as-json.ts";
import type { Handlers } from "./handler.ts";

/** What the routes about the whole fleet do. */
export const fleetHandlers: Handlers<
  | "getAccount"
  | "getStats"
  | "listChanges"
  | "listQueues"
  | "listWorkers"
  | "pauseFleet"
  | "resumeFleet"
> = {
  getStats: async ({ query, scheduler }) => asJson(await scheduler.getStats(query)),

  async getAccount({ query, scheduler }) {
    const { cursor, ...account } = await scheduler.account(query);
    return { ...asJson(account), nextCursor: cursor ?? null };
  },

  listWorkers: async ({ scheduler }) => ({
    items: asJson(await scheduler.getWorkers()),
    nextCursor: null,
  }),

  async listQueues({ scheduler }) {
    const { queues, isAll } = await scheduler.getQueues();
    return { items: asJson(queues), nextCursor: null, isAll };
  },

  async pauseFleet({ scheduler }) {
    await scheduler.pause();
    return { isPaused: true };
  },

  async resumeFleet({ scheduler }) {
    await scheduler.resume();
    return { isPaused: false };
  },

  async listChanges({ query, scheduler }) {
    // The scheduler says which kinds there are.
    const { changes, cursor, isCut } = await scheduler.getChanges(query as ChangeQuery);
    return { items: asJson(changes), nextCursor: cursor ?? null, isCut };
  },
};
