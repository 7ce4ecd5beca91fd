// What a fleet will do next year, without running anything: npx tsx examples/simulate.ts
import { defineJob } from "cronduit";
import { describeSimulation, type JobToSimulate, simulate } from "cronduit/simulate";

// As for addJobs. An application would share this list with its scheduler.
const load = defineJob({ name: "load", run: () => "never called here" });
const jobs: JobToSimulate[] = [
  {
    pipeline: load,
    options: { id: "load", trigger: "cron", hour: 2, minute: 30, timezone: "Europe/Berlin" },
  },
  {
    id: "report",
    trigger: "cron",
    hour: 3,
    minute: 0,
    timezone: "Europe/Berlin",
    condition: "load.last_run_successful and not load.running",
    conditionPolicy: { wait: "2h" },
  },
  { id: "poll", trigger: "interval", minutes: 5, jitter: "1m" },
  { id: "backup", trigger: "cron", hour: 2, minute: 0, misfireGraceTime: "1h" },
];

const year = await simulate(jobs, {
  from: "2027-01-01",
  to: "2027-12-31",
  timezone: "Europe/Berlin",
  durations: { load: "50m", report: "10m", poll: "20s", backup: "1h" },
  slots: 2,
  outages: [{ from: "2027-03-01 01:00", to: "2027-03-01 09:00" }],
});
console.log(describeSimulation(year));

// The same as data: a check for continuous integration.
const [slots] = year.slots;
if (slots && slots.wanted > 10) throw new Error(`${slots.wanted} runs at once need more workers`);
