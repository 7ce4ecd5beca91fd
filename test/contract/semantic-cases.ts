import { useTestStores } from "../helpers/test-stores.ts";
import type { CaseContext } from "./suite.ts";

/**
 * Every row of docs/semantics.md, the ledger as it is read, and the promise as a property: in a time that only the case
 * moves. Each file of cases says what it says for all engines; loading it here adds its cases to this suite.
 */
export async function semanticCases({ tested }: CaseContext): Promise<void> {
  useTestStores(tested.stores);
  await import("../ledger/explain.cases.ts");
  await import("../ledger/get-changes.cases.ts");
  await import("../ledger/get-occurrences.cases.ts");
  await import("../ledger/get-runs.cases.ts");
  await import("../ledger/get-timeline.cases.ts");
  await import("../ledger/retention.cases.ts");
  await import("../semantics/account.cases.ts");
  await import("../semantics/account-for.cases.ts");
  await import("../semantics/bulk.cases.ts");
  await import("../semantics/coalesce.cases.ts");
  await import("../semantics/conflicting-id.cases.ts");
  await import("../semantics/decisions.cases.ts");
  await import("../semantics/derived-id.cases.ts");
  await import("../semantics/duplicate-id.cases.ts");
  await import("../semantics/exhausted-trigger.cases.ts");
  await import("../semantics/get-jobs.cases.ts");
  await import("../semantics/healing.cases.ts");
  await import("../semantics/overdue.cases.ts");
  await import("../semantics/owner.cases.ts");
  await import("../semantics/if-revision.cases.ts");
  await import("../semantics/jitter.cases.ts");
  await import("../semantics/manual.cases.ts");
  await import("../semantics/max-instances.cases.ts");
  await import("../semantics/misfire-grace-time.cases.ts");
  await import("../semantics/modify-job.cases.ts");
  await import("../semantics/next-run-time.cases.ts");
  await import("../semantics/order.cases.ts");
  await import("../semantics/override-job.cases.ts");
  await import("../semantics/pause-job.cases.ts");
  await import("../semantics/pause-until.cases.ts");
  await import("../semantics/queue-content.cases.ts");
  await import("../semantics/remove-job.cases.ts");
  await import("../semantics/resume-job.cases.ts");
  await import("../semantics/resume-missed.cases.ts");
  await import("../semantics/run-job.cases.ts");
  await import("../semantics/shutdown.cases.ts");
  await import("../semantics/skip-occurrence.cases.ts");
  await import("../semantics/start-end-date.cases.ts");
  await import("../semantics/timezone.cases.ts");
  await import("../semantics/very-many-due.cases.ts");
  await import("../semantics/waiting-retries.cases.ts");
}
