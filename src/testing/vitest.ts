// `cronduit/testing/vitest`: the matchers, with their types in vitest's `expect`.
/// <reference types="vitest" />
import type { LedgerMatchers } from "./matchers.ts";

export { matchers } from "./matchers.ts";

declare module "vitest" {
  interface Matchers<T> extends LedgerMatchers<T> {}
}
