// `cronduit/testing`: to test pipelines, schedules and rules without a server, on a clock that the test moves.
import "./core/bundled-require.ts";
export { CronduitError, JobLookupError } from "./core/errors.ts";
export { assertMissed, assertRan, assertSkipped } from "./testing/assertions.ts";
export { createTestScheduler, type TestSchedulerOptions } from "./testing/create-test-scheduler.ts";
export { type HasLedger, type LedgerMatchers, matchers } from "./testing/matchers.ts";
export { createRunContext, type TestRunContext } from "./testing/run-context/create-run-context.ts";
export type { RunContextOptions } from "./testing/run-context/run-context-options.ts";
export type { StepMock } from "./testing/run-context/mocked-steps.ts";
export type { Recorded } from "./testing/run-context/recording-host.ts";
export { TestScheduler } from "./testing/test-scheduler.ts";
