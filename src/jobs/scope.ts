/**
 * Whose things a reader sees: everybody's, or those of these owners. What has no owner is seen by readers of everything
 * alone. What a reader does not see does not exist for it.
 */
export type Scope = "all" | readonly string[];

/** Whether a reader sees what belongs to this owner. */
export function isVisible(scope: Scope, owner: string | undefined): boolean {
  return scope === "all" || (owner !== undefined && scope.includes(owner));
}
