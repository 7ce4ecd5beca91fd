import { type Clock, within } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { PipelineScheduler } from "../../scheduler/pipeline-scheduler.ts";
import { isAdministrator } from "../caller.ts";
import type { Handlers } from "./handler.ts";

/** A server that has not answered by then is not ready. */
const READY_MS = 2_000;

/** What the routes for other programs do. */
export function machineHandlers(
  scheduler: Pick<PipelineScheduler, "engine" | "health">,
  clock: Clock,
): Handlers<"live" | "ready"> {
  return {
    live: async () => ({ status: "live" }),

    async ready({ caller, scheduler: acting }) {
      const health = await within(clock, READY_MS, scheduler.health());
      if (health?.ok !== true) {
        // It may name the server, and so is for those who see everything.
        const why = health ? health.problem : `no answer within ${READY_MS} ms`;
        const detail = caller && isAdministrator(caller) && why !== undefined ? `: ${why}` : ".";
        throw new CronduitError("NOT_READY", `The fleet's server does not answer${detail}`);
      }
      if (!acting) return { status: "ready" };
      const { roundTripMs } = health;
      return {
        status: "ready",
        engine: acting.engine,
        ...(roundTripMs === undefined ? {} : { roundTripMs }),
      };
    },
  };
}
