import type { Actor } from "../../jobs/actor.ts";
import type { Scoped } from "../../jobs/scope.ts";
import type {
  BackfillChange,
  BackfillPlan,
  BackfillsPort,
  BackfillState,
} from "../port/backfills.ts";
import { wordOf } from "./functions.ts";
import type { PostgresLink } from "./postgres-link.ts";

/** Backfills on PostgreSQL. */
export class PostgresBackfills implements BackfillsPort {
  readonly #link: PostgresLink;

  constructor(link: PostgresLink) {
    this.#link = link;
  }

  async add(plan: BackfillPlan): Promise<"added" | "conflict" | "missing"> {
    const answer = wordOf(await this.#link.run("addBackfill", "add_backfill", plan));
    return answer === "added" || answer === "conflict" ? answer : "missing";
  }

  async change(
    jobId: string,
    change: BackfillChange,
    by: Actor,
    scope?: Scoped["scope"],
  ): Promise<"changed" | "missing"> {
    const request = { jobId, change, by, scope };
    const answer = wordOf(await this.#link.run("changeBackfill", "change_backfill", request));
    return answer === "changed" ? answer : "missing";
  }

  async read(jobId: string): Promise<BackfillState | undefined> {
    const state = await this.#link.read<BackfillState | null>("readBackfill", "read_backfill($1)", [
      jobId,
    ]);
    return state ?? undefined;
  }
}
