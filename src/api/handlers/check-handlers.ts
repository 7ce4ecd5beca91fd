import type { SchedulerParts } from "../../scheduler/assembly.ts";
import { findLost, repair } from "../../scheduler/repairs.ts";
import { readChecks } from "../checks/fleet-checks.ts";
import type { Handlers } from "./handler.ts";

/** What the routes do that look whether all is as it should be. */
export function checkHandlers(
  parts: Pick<SchedulerParts, "clock" | "engine" | "logger">,
): Handlers<"fixChecks" | "getChecks"> {
  return {
    getChecks: async ({ scheduler }) => ({
      items: await readChecks({ parts, scheduler }),
      nextCursor: null,
    }),

    async fixChecks({ scheduler }) {
      const { engine, clock, logger } = parts;
      const lost = await findLost(engine, clock);
      for (const finding of lost) await repair(engine, logger, finding);
      const items = await readChecks({ parts, scheduler });
      return { items, nextCursor: null, fixed: lost.length };
    },
  };
}
