// Stored jobs and crontabs as files: what is written is read back as the same jobs.
import fc from "fast-check";
import { expect, test } from "vitest";
import { asJob } from "../../src/config/apply/as-job.ts";
import { jobFields } from "../../src/config/export/job-fields.ts";
import {
  exportedOf,
  type ExportForm,
  isPrintable,
  printJob,
} from "../../src/config/export/job-text.ts";
import { readSet } from "../../src/config/read-set.ts";
import { PipelineScheduler } from "../../src/index.ts";
import type { declaredDefinition } from "../../src/jobs/overrides.ts";
import { partsOf } from "../../src/scheduler/pipeline-scheduler.ts";
import { createTasks } from "../../src/tasks.ts";
import { silent } from "../helpers/silent.ts";
import "../helpers/seed.ts";
import { asOptions, rulesInFiles, schedules } from "./written-jobs.ts";

function open() {
  return new PipelineScheduler({
    worker: false,
    logger: silent,
    pipelines: Object.values(createTasks()),
  });
}

async function storedIn(scheduler: PipelineScheduler, id: string) {
  const [job] = (await partsOf(scheduler)?.engine.jobs.get([id])) ?? [];
  if (!job) throw new Error(`no job ${id}`);
  return job;
}

/** What a text declares, added to a fleet of its own. */
async function readBack(text: string, form: ExportForm, id: string) {
  const set = await readSet([{ file: `x.${form}`, kind: form, content: text }]);
  if (!set.isValid) throw new Error(`${text}\n${JSON.stringify(set.problems)}`);
  await using scheduler = open();
  await scheduler.addJobs(set.jobs.map(asJob));
  return await storedIn(scheduler, id);
}

/** A definition without what every declaration has of its own. */
function substance(definition: ReturnType<typeof declaredDefinition>) {
  const {
    createdAt: _,
    declared: __,
    addedBy: ___,
    source: ____,
    tzdata: _____,
    ...rest
  } = definition;
  return JSON.parse(JSON.stringify(rest)) as unknown;
}

test("stored jobs with any rules and schedules", async () => {
  await fc.assert(
    fc.asyncProperty(
      rulesInFiles,
      schedules,
      fc.constantFrom<ExportForm>("toml", "json"),
      async ({ jitter, ...rules }, [, schedule], form) => {
        await using scheduler = open();
        const isTimed = schedule["trigger"] !== "manual" && jitter !== undefined;
        const given = isTimed ? { ...rules, jitter } : rules;
        const options = { ...(asOptions(given) as object), ...schedule, id: "a.job" };
        const params = { command: ["echo", 'hi\n"there"'] };
        await scheduler.addJob("command", { ...options, params } as never);
        const stored = await storedIn(scheduler, "a.job");
        const exported = jobFields(stored, []);
        expect(isPrintable(exported, form)).toBe(true);
        const read = await readBack(printJob(exported, form), form, "a.job");
        expect(substance(read.definition)).toEqual(substance(stored.definition));
        expect(read.state).toBe(stored.state);
      },
    ),
    { numRuns: 60 },
  );
});

test("an override is a note, and what is declared is written", async () => {
  await using scheduler = open();
  const params = { interpreter: "BASH", script: "echo $HOME\n" };
  await scheduler.addJob("script", {
    id: "report",
    trigger: "cron",
    expression: "0 8 * * *",
    params,
  });
  await scheduler.overrideJob("report", {
    schedule: { trigger: "interval", minutes: 5 },
    paused: { reason: "incident" },
    until: "2h",
  });
  const text = printJob(jobFields(await storedIn(scheduler, "report"), []), "toml");
  expect(text).toMatch(
    /^# paused is overridden by code .*\n# schedule is overridden by code .*\n\[jobs\.report\]\n/,
  );
  expect(text).toContain('type = "BASH"');
  expect(text).toContain('schedule = "0 8 * * *"');
  expect(text).not.toContain("paused = true");
});

test("a crontab becomes a file that declares the same jobs", async () => {
  const content = [
    "SHELL=/bin/bash",
    'PATH="/usr/bin:/bin"',
    "CRON_TZ=Europe/Berlin",
    "30 2 13 * 5 root /opt/backup.sh --all # no comment",
    "@daily www-data mail -s 100\\% ops%Hello%%World",
    "@reboot root /x",
  ].join("\n");
  const set = await readSet([{ file: "/etc/crontab", kind: "system-crontab", content }]);
  if (!set.isValid) throw new Error(JSON.stringify(set.problems));
  const text = set.jobs.map((job) => printJob(exportedOf(job), "toml")).join("");
  const read = await readSet([{ file: "cronduit.toml", kind: "toml", content: text }]);
  if (!read.isValid) throw new Error(JSON.stringify(read.problems));
  expect(read.jobs.map(asJob)).toEqual(set.jobs.map(asJob));
});
