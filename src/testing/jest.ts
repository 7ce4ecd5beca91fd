// `cronduit/testing/jest`: the matchers, with their types in jest's `expect`, whether imported or global.
/// <reference types="expect" />
import type { LedgerMatchers } from "./matchers.ts";

export { matchers } from "./matchers.ts";

declare module "expect" {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends LedgerMatchers<R> {}
}

declare global {
  namespace jest {
    interface Matchers<R, T = {}> extends LedgerMatchers<R> {}
  }
}
