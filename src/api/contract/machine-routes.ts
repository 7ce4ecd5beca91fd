import { z } from "zod";
import { route } from "./route.ts";

/** Routes for other programs: whether this process lives, and whether it can do its work. */
export const machineRoutes = {
  live: route({
    method: "GET",
    path: "/health/live",
    summary: "Whether this process answers.",
    group: "machines",
    access: "anyone",
    answer: z.object({ status: z.literal("live") }),
  }),
  ready: route({
    method: "GET",
    path: "/health/ready",
    summary:
      "Whether the fleet's server answers this process, within two seconds; 503 if not. More only to who has a credential.",
    group: "machines",
    access: "anyone",
    answer: z.object({
      status: z.literal("ready"),
      engine: z.string().optional(),
      roundTripMs: z.number().optional(),
    }),
    errors: ["NOT_READY"],
  }),
};
