import { Store } from "../app/store.ts";

/** Which jobs are selected, by id. */
export const selected = new Store<ReadonlySet<string>>(new Set());

/** Selects a job, or no longer. */
export function toggleSelected(id: string): void {
  const ids = new Set(selected.value);
  if (!ids.delete(id)) ids.add(id);
  selected.set(ids);
}
