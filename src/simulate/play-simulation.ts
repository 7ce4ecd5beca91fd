import { FleetPlayer } from "./fleet-player.ts";
import { type JobToSimulate, listOf, readJobs } from "./fleet-input.ts";
import { makeReport, wantedWithout } from "./make-report.ts";
import { OutageLog } from "./outage-log.ts";
import { PlayedPeriod } from "./played-period.ts";
import { RunLengths } from "./run-lengths.ts";
import { assembleFleet, type SlotLimits } from "./simulated-fleet.ts";
import type { Simulation } from "./simulation.ts";
import {
  readSimulationOptions,
  type SimulateOptions,
  type SimulationSettings,
} from "./simulation-options.ts";

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
  const { settings, lengths, play } = await readSimulation(jobs, options);
  const player = await play(settings.slots);
  const report = makeReport(player, { lengths, worst: settings.worst });
  if (!player.fleet.slots.some(({ hasDelayed }) => hasDelayed)) return report;
  // What would have been without a wait can't be told from what was with it.
  const free = await play(withoutLimits(settings.slots));
  return { ...report, slots: wantedWithout(report.slots, free) };
}

/** What {@link simulate} was given, and how to play it. */
export interface ReadSimulation {
  readonly settings: SimulationSettings;
  readonly lengths: RunLengths;
  readonly play: (limits: SlotLimits | undefined) => Promise<FleetPlayer>;
}

/** @throws {@link CronduitError} as {@link simulate} */
export async function readSimulation(
  jobs: Iterable<JobToSimulate>,
  options: SimulateOptions,
): Promise<ReadSimulation> {
  const list = listOf(jobs);
  const settings = readSimulationOptions(options);
  const { fromAt, toAt, timezone, calendars, jobDefaults } = settings;
  const context = { now: fromAt, timezone, calendars, rules: jobDefaults };
  const entries = await readJobs(list, context);
  const ids = entries.map(({ definition }) => definition.id);
  const lengths = new RunLengths(settings.durations, settings.outcomes, ids);
  const period = new PlayedPeriod(fromAt, toAt, timezone);
  const play = async (limits: SlotLimits | undefined): Promise<FleetPlayer> => {
    const fleet = assembleFleet(entries, { limits, fromAt });
    const outages = new OutageLog(settings.outages);
    const player = new FleetPlayer(fleet, { period, lengths, outages });
    await player.play(settings.signal);
    return player;
  };
  return { settings, lengths, play };
}

/** The same queues apart. */
function withoutLimits(limits: SlotLimits | undefined): SlotLimits | undefined {
  if (typeof limits !== "object") return undefined;
  return Object.fromEntries(Object.keys(limits).map((queue) => [queue, Number.POSITIVE_INFINITY]));
}
