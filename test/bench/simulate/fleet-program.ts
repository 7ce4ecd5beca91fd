// Simulates a year of the mixed fleet, and prints what that took: node fleet-program.ts <jobs> <last day>
import type * as Package from "../../../src/simulate.ts";
import { lengthOf, mixedFleet, outcomeOf } from "./mixed-fleet.ts";

/** What a simulation took. */
export interface SimulationCost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly memoryMb: number;
  readonly runs: number;
}

const [jobs = "1000", to = "2027-12-31"] = process.argv.slice(2);
const built = new URL("../../../dist/simulate.js", import.meta.url).href;
const { simulate } = (await import(built)) as typeof Package;
const fleet = mixedFleet(Number(jobs));
const from = performance.now();
const cpu = process.cpuUsage();
const { runs } = await simulate(fleet, {
  from: "2027-01-01",
  to,
  durations: lengthOf,
  outcomes: outcomeOf,
  slots: 200,
  outages: [{ from: "2027-01-05 02:00", to: "2027-01-05 10:00" }],
});
const { user, system } = process.cpuUsage(cpu);
const cost: SimulationCost = {
  seconds: (performance.now() - from) / 1_000,
  cpuSeconds: (user + system) / 1e6,
  memoryMb: process.resourceUsage().maxRSS / 1_024,
  runs,
};
console.log(JSON.stringify(cost));
