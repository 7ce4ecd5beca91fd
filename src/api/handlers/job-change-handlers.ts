import { CronduitError } from "../../core/errors.ts";
import type { Job } from "../../scheduler/job-actions.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";
import { COMMON_OPTIONS } from "../../triggers/resolve/shape.ts";
import { ifMatch, ifMatchOrNone } from "../if-match.ts";
import { type Caller, isAdministrator } from "../caller.ts";
import { type JobLimits, ownerOf } from "../job-limits.ts";
import { readSchedule, type ReadSchedule } from "../schedules/read-schedule.ts";
import type { Contract } from "../contract.ts";
import { asJson } from "./as-json.ts";
import type { Call, Handlers } from "./handler.ts";
import { answerWithTag } from "./job-answer.ts";
import { requireJob } from "./require-job.ts";
import { toRunAnswer } from "./run-handlers.ts";

type Changes =
  | "bulkJobs"
  | "clearOverride"
  | "createJob"
  | "deleteJob"
  | "overrideJob"
  | "pauseJob"
  | "replaceJob"
  | "resumeJob"
  | "runJob"
  | "updateJob";

type AnyOptions = Parameters<ActingScheduler["addJob"]>[1];

/** How long a request may wait for a run. */
const LONGEST_WAIT_S = 300;

/**
 * What the routes do that change jobs.
 * @param limits What is looked at before jobs are added or changed.
 */
export function jobChangeHandlers(limits: JobLimits): Handlers<Changes> {
  return {
    async createJob({ body: { pipeline, ...body }, acting, caller, headers }) {
      const read = readSchedule(body, "POST /jobs");
      requireSchedule(read, "POST /jobs");
      const options = read.options as unknown as AnyOptions;
      return read.told(async () => {
        const { id } = body;
        const scheduler = acting();
        const find = async () =>
          id === undefined ? undefined : findOwn(scheduler, caller, { id, options });
        const asked = { caller, scheduler, options, isTimed: true, find };
        const added = await limits.forJob(asked, () => scheduler.addJob(pipeline, options));
        // Relative to the request's URL: what a proxy has before it is not known here.
        headers.set("location", `jobs/${encodeURIComponent(added.id)}`);
        return answerWithTag(headers, added);
      });
    },

    async replaceJob({ path: { jobId }, body: { pipeline, ...body }, request, ...call }) {
      const { acting, caller, headers } = call;
      const { id = jobId, ...rest } = body;
      if (id !== jobId)
        throw new CronduitError(
          "INVALID_OPTION",
          `PUT /jobs/{jobId}, body, option "id": is "${id}", and the path names "${jobId}". Leave it out; a job can't change its id.`,
          { data: { path: "id" } },
        );
      const read = readSchedule(rest, "PUT /jobs/{jobId}");
      requireSchedule(read, "PUT /jobs/{jobId}");
      const expected = ifMatchOrNone(request);
      const options = {
        ...read.options,
        id,
        replaceExisting: "always",
        ...expected,
      } as unknown as AnyOptions;
      return read.told(async () => {
        const scheduler = acting();
        const find = () => findOwn(scheduler, caller, { id, options });
        const job = await find();
        const asked = { caller, scheduler, options, isTimed: true, find };
        const put = await limits.forJob(asked, () => scheduler.addJob(pipeline, options));
        if (!job) call.status(201);
        return answerWithTag(headers, put);
      });
    },

    async updateJob({ path: { jobId }, body, request, acting, caller, headers }) {
      const read = readSchedule(body, "PATCH /jobs/{jobId}");
      requireWhole(read);
      const scheduler = acting();
      const find = () => requireJob(scheduler, jobId);
      if (read.isKept) requireScheduled(await find());
      const options = { ...read.options, ...ifMatch(request) };
      const asked = { caller, scheduler, options, isTimed: read.isGiven, find };
      const change = () => scheduler.modifyJob(jobId, options);
      return read.told(async () => answerWithTag(headers, await limits.forJob(asked, change)));
    },

    async deleteJob({ path: { jobId }, request, acting }) {
      await acting().removeJob(jobId, ifMatch(request));
    },

    async runJob({ path: { jobId }, body: { note, wait = false, ...options } = {}, acting }) {
      const scheduler = acting(note);
      if (wait === false)
        return { runId: await scheduler.runJob(jobId, options), jobId, run: null };
      const longest = wait === true ? LONGEST_WAIT_S : wait;
      const run = await scheduler.runJob(jobId, { ...options, wait: longest });
      return { runId: run.id, jobId, run: toRunAnswer(run) };
    },

    async pauseJob({ path: { jobId }, body: { note, ...how } = {}, request, acting, headers }) {
      return answerWithTag(
        headers,
        await acting(note).pauseJob(jobId, { ...how, ...ifMatch(request) }),
      );
    },

    async resumeJob({ path: { jobId }, body: { note, ...how } = {}, request, acting, headers }) {
      return answerWithTag(
        headers,
        await acting(note).resumeJob(jobId, { ...how, ...ifMatch(request) }),
      );
    },

    async overrideJob({ path: { jobId }, body, request, acting, caller, headers }) {
      const { note, schedule, ...parts } = body;
      const where = "PUT /jobs/{jobId}/override";
      const words = typeof schedule === "string" ? { schedule } : schedule;
      const read =
        words && readSchedule(words, where, typeof schedule === "string" ? "" : "schedule.");
      const options = { ...parts, ...(read && { schedule: read.options }), ...ifMatch(request) };
      const scheduler = acting(note);
      const change = () =>
        scheduler.overrideJob(
          jobId,
          options as unknown as Parameters<ActingScheduler["overrideJob"]>[1],
        );
      if (!read) return answerWithTag(headers, await change());
      const find = () => requireJob(scheduler, jobId);
      const asked = { caller, scheduler, options: read.options, isTimed: true, find };
      return read.told(async () => answerWithTag(headers, await limits.forJob(asked, change)));
    },

    async clearOverride({ path: { jobId }, query: { which }, request, acting, headers }) {
      return answerWithTag(headers, await acting().clearOverride(jobId, which, ifMatch(request)));
    },

    bulkJobs: async (call) => asJson(await bulk(call)),
  };
}

/** A job under the id that it gets: for whoever acts for owners of its own, that begins with the owner. */
async function findOwn(
  scheduler: ActingScheduler,
  caller: Caller,
  { id, options }: { readonly id: string; readonly options: object },
): Promise<Job | undefined> {
  const owner = ownerOf(caller, options);
  const isOwn = owner === undefined || id.startsWith(`${owner}/`) || isAdministrator(caller);
  return scheduler.getJob(isOwn ? id : `${owner}/${id}`);
}

function bulk({ body, acting }: Call<Contract["bulkJobs"]>) {
  const { action, ids, filter, all, note, dryRun, bulkId, ...own } = body;
  const scheduler = acting(note);
  const which = { ...filter, ...(ids && { ids }), ...(all && { all }) };
  const how = { ...(dryRun !== undefined && { dryRun }), ...(bulkId !== undefined && { bulkId }) };
  const taken = OWN[action];
  const stray = Object.keys(own).find((name) => !taken.includes(name));
  if (stray !== undefined)
    throw new CronduitError(
      "INVALID_OPTION",
      `POST /jobs/bulk, body, option "${stray}": has no meaning with action "${action}".`,
      { data: { path: stray } },
    );
  switch (action) {
    case "pause":
      return scheduler.pauseJobs(which, { ...how, ...own });
    case "resume":
      return scheduler.resumeJobs(which, { ...how, ...own });
    case "run":
      return scheduler.runJobs(which, { ...how, ...own });
    case "remove":
      return scheduler.removeJobs(which, how);
  }
}

/** What each action takes beside what all take. */
const OWN: Readonly<Record<"pause" | "resume" | "run" | "remove", readonly string[]>> = {
  pause: ["reason", "until"],
  resume: ["missed"],
  run: ["ignoreCondition"],
  remove: [],
};

/** A zone or a bound alone changes no schedule: it belongs to one that is given with it. */
function requireWhole({ isGiven, options }: ReadSchedule): void {
  const stray = isGiven ? undefined : Object.keys(options).find((name) => COMMON_OPTIONS.has(name));
  if (stray !== undefined)
    throw new CronduitError(
      "INVALID_OPTION",
      `PATCH /jobs/{jobId}, body, option "${stray}": belongs to a schedule, which is missing. Give both: the \`schedule_type\` and \`schedule_config\` that the job has now, with this.`,
      { data: { path: stray } },
    );
}

/** A new job must say when. */
function requireSchedule({ isGiven, isKept }: ReadSchedule, where: string): void {
  if (isGiven) return;
  const path = isKept ? "schedule_type" : "schedule";
  throw new CronduitError(
    "INVALID_OPTION",
    `${where}, body, option "${path}": is missing. Say when, by schedule ("every day at 9am"), by schedule_type and schedule_config, or by a trigger; trigger "manual" for a job that runs on request only.`,
    { data: { path } },
  );
}

function requireScheduled({ scheduleKind }: Job): void {
  if (scheduleKind !== "manual") return;
  throw new CronduitError(
    "INVALID_OPTION",
    'PATCH /jobs/{jobId}, body, option "is_scheduled": the job has no schedule. Say which, by schedule_type and schedule_config.',
    { data: { path: "is_scheduled" } },
  );
}
