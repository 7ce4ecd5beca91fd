import type { EpochMs } from "../core/clock.ts";

/** Which rows to read. */
export interface LedgerQuery {
  readonly jobId: string;
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
  readonly offset: number;
  readonly limit: number;
  /** Whether the latest or the oldest row comes first. */
  readonly order: "latest" | "oldest";
}
