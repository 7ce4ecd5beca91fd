import type {
  AuditRequest,
  OverdueTold,
  OverdueOutcome,
  AuditFinding,
} from "../../jobs/audit-requests.ts";

export type * from "../../jobs/audit-requests.ts";

/** Finds what was lost or is overdue. */
export interface HealingPort {
  audit(request: AuditRequest): Promise<AuditFinding[]>;
  /**
   * Reports by JOB_OVERDUE that nobody takes an occurrence, unless it has been taken or decided by now. Later audits
   * don't find it again.
   */
  tellOverdue(overdue: OverdueTold): Promise<OverdueOutcome>;
}
