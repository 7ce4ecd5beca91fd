import { createHash } from "node:crypto";
import { MANUAL_NUMBERS } from "../jobs/occurrence-id.ts";

/**
 * The number of the run that a request asks of a job, from a name of the request: the same whenever it is repeated, so that the
 * job runs once.
 */
export function numberOf(request: string, jobId: string): number {
  const digest = createHash("sha256").update(`${request}\n${jobId}`).digest();
  return digest.readUIntBE(0, 6) % MANUAL_NUMBERS;
}
