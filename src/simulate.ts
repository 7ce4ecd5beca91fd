// `cronduit/simulate`: what a fleet will do, played without running anything.
import "./core/bundled-require.ts";
export { CronduitError, TriggerError } from "./core/errors.ts";
export { describeSimulation } from "./simulate/describe-simulation.ts";
export type { JobToSimulate } from "./simulate/fleet-input.ts";
export { simulate } from "./simulate/play-simulation.ts";
export { type FleetToSimulate, readFleet, type ReadFleetOptions } from "./simulate/read-fleet.ts";
export type { LengthOfRun, PastRuns, RunDurations, RunOutcomes } from "./simulate/run-lengths.ts";
export type { SimulateOptions } from "./simulate/simulation-options.ts";
export type { SlotLimits } from "./simulate/simulated-fleet.ts";
export type { JobInSimulation } from "./simulate/simulated-job.ts";
export type {
  ClockChangeReport,
  Collision,
  DaysWithoutRun,
  GroupUse,
  OutageJobReport,
  OutageReport,
  OutcomeCounts,
  SimulatedJobReport,
  SimulatedMonth,
  Simulation,
  SlotUse,
} from "./simulate/simulation.ts";
export type { ClockEffect } from "./simulate/clock-changes.ts";
