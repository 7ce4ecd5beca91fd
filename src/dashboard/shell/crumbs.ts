import { Store } from "../app/store.ts";

/** The way to the page that is shown; the page says it. */
export const crumbs = new Store<readonly { readonly text: string; readonly to?: string }[]>([]);
