import { checkRoutes } from "./contract/check-routes.ts";
import { descriptionRoutes } from "./contract/description-routes.ts";
import { eventRoutes } from "./contract/event-routes.ts";
import { fileRoutes } from "./contract/file-routes.ts";
import { fleetRoutes } from "./contract/fleet-routes.ts";
import { jobChangeRoutes } from "./contract/job-change-routes.ts";
import { occurrenceRoutes } from "./contract/occurrence-routes.ts";
import { pipelineRoutes } from "./contract/pipeline-routes.ts";
import { scheduleRoutes } from "./contract/schedule-routes.ts";
import { jobRoutes } from "./contract/job-routes.ts";
import { machineRoutes } from "./contract/machine-routes.ts";
import { peopleRoutes } from "./contract/people-routes.ts";
import { overviewRoutes } from "./contract/overview-routes.ts";
import { runRoutes } from "./contract/run-routes.ts";
import { timelineRoutes } from "./contract/timeline-routes.ts";

/** Every route of the API. All that clients need to know of it; a module of its own, which loads nothing else of `api`. */
export const contract = {
  ...eventRoutes,
  ...fileRoutes,
  ...fleetRoutes,
  ...checkRoutes,
  ...jobRoutes,
  ...jobChangeRoutes,
  ...occurrenceRoutes,
  ...scheduleRoutes,
  ...pipelineRoutes,
  ...machineRoutes,
  ...descriptionRoutes,
  ...overviewRoutes,
  ...timelineRoutes,
  ...runRoutes,
  ...peopleRoutes,
} as const;

/** The routes, by their names. */
export type Contract = typeof contract;
/** The name of a route. */
export type RouteName = keyof Contract;
