/**
 * Whose things a reader sees: everybody's, or those of these owners. What has no owner is seen by readers of everything
 * alone. What a reader does not see does not exist for it.
 */
export type Scope = "all" | readonly string[];

/**
 * What a request says of whose jobs it may be about. The step itself asks: whoever asks before it acts may find that the job
 * was given away in between.
 */
export interface Scoped {
  /** The owners whose jobs these may be; one of somebody else is as one that does not exist. Absent: everybody's. */
  readonly scope?: readonly string[] | undefined;
}

/** Whether a reader sees what belongs to this owner. */
export function isVisible(scope: Scope, owner: string | undefined): boolean {
  return scope === "all" || (owner !== undefined && scope.includes(owner));
}
