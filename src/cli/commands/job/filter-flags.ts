import type { QueryInputOf } from "../../../api/contract/route.ts";
import type { Contract } from "../../../api/contract.ts";
import type { Flags } from "../../settings.ts";

/** Which jobs are meant, as the API takes it. */
export type JobFilter = Omit<NonNullable<QueryInputOf<Contract["countJobs"]>>, "by">;

const NAMES = ["tag", "owner", "state", "source", "pipeline", "queue", "text"] as const;

/** The filter that flags say. */
export function filterOf(flags: Flags): JobFilter {
  const given = NAMES.filter((name) => flags[name] !== undefined).map((name) => [
    name,
    flags[name],
  ]);
  return Object.fromEntries(given) as JobFilter;
}
