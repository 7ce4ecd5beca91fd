import { FleetPlayer } from "./fleet-player.ts";
import { type JobToSimulate, readJobs } from "./fleet-input.ts";
import { makeReport } from "./make-report.ts";
import { OutageLog } from "./outage-log.ts";
import { PlayedPeriod } from "./played-period.ts";
import { RunLengths } from "./run-lengths.ts";
import { assembleFleet } from "./simulated-fleet.ts";
import type { Simulation } from "./simulation.ts";
import { readSimulationOptions, type SimulateOptions } from "./simulation-options.ts";

/**
 * Plays what jobs do in a period, without running anything and without a server: which occurrences run, and what the rules
 * make of the others (overlap, groups, conditions, grace, catching up), by the decisions of the engines. Takes about a second
 * for a million runs, and memory for the jobs alone, however long the period.
 *
 * ```ts
 * const year = await simulate(
 *   [{ id: "nightly", trigger: "cron", hour: 2, minute: 30, timezone: "Europe/Berlin" }],
 *   { from: "2027-01-01", to: "2027-12-31", durations: "20m" },
 * );
 * console.log(describeSimulation(year));
 * ```
 *
 * @param jobs Jobs as for `addJob` or `addJobs`, or as a scheduler returned them. Paused ones stay paused.
 * @throws {@link CronduitError} `INVALID_OPTION`, and what `addJob` throws; the reason of `signal`.
 */
export async function simulate(
  jobs: Iterable<JobToSimulate>,
  options: SimulateOptions,
): Promise<Simulation> {
  const settings = readSimulationOptions(options);
  const { fromAt, toAt, timezone, calendars, jobDefaults } = settings;
  const context = { now: fromAt, timezone, calendars, rules: jobDefaults };
  const fleet = assembleFleet(await readJobs(jobs, context), { limits: settings.slots, fromAt });
  const ids = fleet.jobs.map(({ id }) => id);
  const lengths = new RunLengths(settings.durations, settings.outcomes, ids);
  const player = new FleetPlayer(fleet, {
    period: new PlayedPeriod(fromAt, toAt, timezone),
    lengths,
    outages: new OutageLog(settings.outages),
  });
  await player.play(settings.signal);
  return makeReport(player, { lengths, worst: settings.worst });
}
