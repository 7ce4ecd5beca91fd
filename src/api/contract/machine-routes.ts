import { z } from "zod";
import { route } from "./route.ts";

/** Routes for other programs: whether this process lives. */
export const machineRoutes = {
  live: route({
    method: "GET",
    path: "/health/live",
    summary: "Whether this process answers.",
    group: "machines",
    access: "anyone",
    answer: z.object({ status: z.literal("live") }),
  }),
};
