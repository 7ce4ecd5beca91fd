import type { Engine } from "./engine.ts";
import type { JobPut, JobPutResult } from "./jobs.ts";

/** Says that a job is on a queue other than the default one, or is about to be. */
export interface Claim {
  readonly queue: string;
  /** Grows with every claim of the fleet. */
  readonly number: number;
}

/** `exists`: the default queue has a job of this id. `elsewhere`: another queue has claimed the id. */
export type ClaimResult =
  | { readonly outcome: "claimed"; readonly number: number }
  | { readonly outcome: "elsewhere"; readonly claim: Claim }
  | { readonly outcome: "exists" };

/** A job to be stored on the queue that has claimed its id. */
export interface ClaimedPut extends JobPut {
  readonly claim: number;
}

/** `void`: the claim was fenced off before the job was stored; the id is to be claimed anew. */
export type ClaimedPutResult = JobPutResult | { readonly outcome: "void" };

/**
 * What a queue keeps beside the port's state so that several queues are one fleet. Each method that changes something is
 * one atomic step. The first group is about the default queue, which knows where every other job is; the second about
 * the queue that it is called on.
 */
export interface Directory {
  /** The names of the other queues. */
  queues(): Promise<string[]>;
  /** Enters a queue, and wakes those who read events if it is new. */
  addQueue(queue: string): Promise<void>;
  /** Claims ids for a queue; a claim of the same queue is replaced by a new one. */
  claim(queue: string, jobIds: readonly string[]): Promise<ClaimResult[]>;
  find(jobIds: readonly string[]): Promise<(Claim | undefined)[]>;
  /** Drops a claim unless it was replaced. `sequence`: revisions and run ids from here on are beyond it. */
  release(jobId: string, claim: number, sequence: number): Promise<void>;

  putClaimed(puts: readonly ClaimedPut[]): Promise<ClaimedPutResult[]>;
  /**
   * Makes sure that no job is stored by this claim or an earlier one; a caller that holds such a claim must claim again.
   * `exists`: a job of this id was stored, and nothing is changed.
   * @returns The queue's counter of revisions
   */
  fence(jobId: string, claim: number): Promise<{ readonly sequence: number } | "exists">;
}

/** The whole state of one queue. */
export interface QueueEngine extends Engine {
  readonly directory: Directory;
  /** The engine of another queue of the same fleet, over the connections of this one, which outlives it. */
  sibling(queue: string): QueueEngine;
  /** Asks the server for any answer, for as long as it takes. */
  ask(): Promise<unknown>;
}
