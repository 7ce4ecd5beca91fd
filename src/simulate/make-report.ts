import { formatWallTime } from "../triggers/time/local-text.ts";
import { affectedTimes } from "./clock-changes.ts";
import type { FleetPlayer } from "./fleet-player.ts";
import type { PlayedOutage } from "./outage-log.ts";
import type { RunLengths } from "./run-lengths.ts";
import type { SimulatedFleet } from "./simulated-fleet.ts";
import type { SimulatedJob } from "./simulated-job.ts";
import type {
  DaysWithoutRun,
  OutageReport,
  OutcomeCounts,
  Simulation,
  SimulatedJobReport,
} from "./simulation.ts";
import type { Outcome } from "./tally.ts";

const SHOWN_DATES = 31;

/** What was counted, for people. */
export function makeReport(
  player: FleetPlayer,
  { lengths, worst }: { readonly lengths: RunLengths; readonly worst: number },
): Simulation {
  const { period, tally, collisions, fleet, running, outages } = player;
  const jobs = fleet.jobs.map((job) => jobReport(job, player));
  const months = period.months.map((month, i) => ({
    month,
    runs: tally.runsIn(i),
    outcomes: countsBy((outcome) => tally.countIn(i, outcome)),
    peak: tally.peakIn(i),
    busyMs: tally.busyMsIn(i),
  }));
  return {
    from: new Date(period.fromAt),
    to: new Date(period.toAt),
    timezone: period.zone.name,
    runs: sumOf(months, ({ runs }) => runs),
    outcomes: countsBy((outcome) =>
      sumOf(fleet.jobs, ({ index }) => tally.countOf(index, outcome)),
    ),
    unfinished: running.unfinished,
    months,
    jobs,
    peak: { runs: tally.peak, at: dateOrNull(tally.peakAt) },
    collisions: {
      count: collisions.count,
      worst: collisions.worst(worst).map(({ minute, days, runs, at, jobIds }) => ({
        timeOfDay: `${two(Math.floor(minute / 60))}:${two(minute % 60)}`,
        days,
        runs,
        at: new Date(at),
        jobIds,
      })),
    },
    slots: fleet.slots.filter(isUsed).map((slots) => ({
      queue: slots.queue,
      limit: Number.isFinite(slots.limit) ? slots.limit : null,
      wanted: slots.peak,
      wantedAt: dateOrNull(slots.peakAt),
      waited: slots.waited,
      longestWaitMs: slots.longestWaitMs,
      fullMs: slots.fullMs,
    })),
    groups: fleet.groups.map(({ key, queue, limit, peak, waited, longestWaitMs, fullMs }) => ({
      key,
      queue,
      limit,
      peak,
      waited,
      longestWaitMs,
      fullMs,
    })),
    clockChanges: affectedTimes(fleet.jobs, period).map((affected) => ({
      jobId: affected.job.id,
      timezone: affected.zone,
      at: new Date(affected.at),
      effect: affected.effect,
      times: affected.localTimes.map(formatWallTime),
      count: affected.count,
    })),
    daysWithoutRun: daysOf(player),
    outages: outages.all.map(outageReport),
    unknownJobs: fleet.jobs.flatMap(({ id, asked }) => {
      const missing = Object.keys(asked).filter((name) => asked[name] === null);
      return missing.length === 0 ? [] : [{ jobId: id, missing }];
    }),
    assumed: fleet.jobs.filter(({ index }) => lengths.assumed.has(index)).map(({ id }) => id),
  };
}

/**
 * The slots with which no run would have waited: with fewer than are used at most when there is no limit, one does.
 * @param player has played the same without limits
 */
export function wantedWithout(
  slots: Simulation["slots"],
  player: FleetPlayer,
): Simulation["slots"] {
  return slots.map((use) => {
    const played = player.fleet.slots.find(({ queue }) => queue === use.queue);
    return { ...use, wanted: played?.peak ?? 0, wantedAt: dateOrNull(played?.peakAt ?? null) };
  });
}

function jobReport(job: SimulatedJob, player: FleetPlayer): SimulatedJobReport {
  const { tally } = player;
  const runsByMonth = tally.runsOf(job.index);
  const gap = tally.longestGapOf(job.index);
  return {
    jobId: job.id,
    queue: job.about.queue,
    runs: sumOf(runsByMonth, (runs) => runs),
    runsByMonth,
    outcomes: countsBy((outcome) => tally.countOf(job.index, outcome)),
    daysWithoutRun: daysOf(player, job.index),
    longestGap: { from: new Date(gap.fromAt), to: new Date(gap.toAt) },
    longestDelayMs: tally.longestWaitMsOf(job.index),
    queued: job.queued.length,
    pausedAt: dateOrNull(job.pausedAt),
  };
}

function daysOf({ tally, period }: FleetPlayer, job?: number): DaysWithoutRun {
  const days = tally.quietDays(job);
  return {
    count: days.length,
    dates: days.slice(0, SHOWN_DATES).map((day) => period.dateOf(day)),
  };
}

function outageReport(outage: PlayedOutage): OutageReport {
  const jobs = [...outage.jobs]
    .toSorted(([a], [b]) => a.index - b.index)
    .map(([job, { ran, missed, coalesced, skipped, longestDelayMs }]) => ({
      jobId: job.id,
      ran,
      missed,
      coalesced,
      skipped,
      longestDelayMs,
    }));
  return {
    from: new Date(outage.fromAt),
    to: new Date(outage.toAt),
    interrupted: outage.interrupted,
    ran: sumOf(jobs, ({ ran }) => ran),
    missed: sumOf(jobs, ({ missed }) => missed),
    coalesced: sumOf(jobs, ({ coalesced }) => coalesced),
    skipped: sumOf(jobs, ({ skipped }) => skipped),
    caughtUpAt: dateOrNull(outage.caughtUpAt),
    burst: outage.burst,
    jobs,
  };
}

function countsBy(count: (outcome: Outcome) => number): OutcomeCounts {
  const skippedBy = {
    "max-instances": count("max-instances"),
    condition: count("condition"),
    "overlap-replaced": count("overlap-replaced"),
    paused: count("paused"),
  };
  return {
    succeeded: count("succeeded"),
    failed: count("failed"),
    cancelled: count("cancelled"),
    missed: count("missed"),
    coalesced: count("coalesced"),
    skipped: sumOf(Object.values(skippedBy), (n) => n),
    skippedBy,
  };
}

function isUsed({ queue, peak, limit }: SimulatedFleet["slots"][number]): boolean {
  return queue !== null || peak > 0 || Number.isFinite(limit);
}

function dateOrNull(at: number | null): Date | null {
  return at === null ? null : new Date(at);
}

function sumOf<T>(list: readonly T[], value: (one: T) => number): number {
  return list.reduce((sum, one) => sum + value(one), 0);
}

const two = (n: number): string => String(n).padStart(2, "0");
