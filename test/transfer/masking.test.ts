// A fixture holds nothing of what was to be masked, wherever it stands, and its runs can go on with what is in it.
import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { lineLogger, Pipeline, PipelineScheduler, type RunContext } from "../../src/index.ts";
import type { StateHeader } from "../../src/jobs/state-header.ts";
import type { ExportOptions } from "../../src/scheduler/transfer/export-options.ts";
import { connectionOf, type Kind, KINDS } from "./engines.ts";

const held: (() => void)[] = [];
const release = (): void => {
  for (const go of held.splice(0)) go();
};
afterEach(release);

const canary = (word: string): string => `canary${word}${randomUUID().slice(0, 6)}`;
/** A text for each place, long enough to be there by no chance. */
const CANARY = {
  skip: "stocktaking",
  secret: canary("secret"),
  given: canary("given"),
  mail: canary("mail"),
  other: canary("other"),
  result: canary("result"),
  resultKey: canary("resultKey"),
  step: canary("step"),
  stepKey: canary("stepKey"),
  stepName: canary("stepName"),
  log: canary("log"),
  error: canary("error"),
  cause: canary("cause"),
  code: canary("code"),
  errorName: canary("errorName"),
  description: canary("description"),
  tag: canary("tag"),
  pause: canary("pause"),
  cancel: canary("cancel"),
  manual: canary("manual"),
  removed: canary("removed"),
  progress: canary("progress"),
  actor: canary("actor"),
  note: canary("note"),
  owner: canary("owner"),
};

const Params = z.object({
  customer: z.string().min(4),
  mail: z.email(),
  mode: z.enum(["full", "delta"]),
  token: z.string().min(8).meta({ secret: true }),
  from: z.iso.date(),
  to: z.iso.date(),
  site: z.url(),
  run: z.uuid(),
  limits: z.record(z.string(), z.int()),
  kind: z.literal(7),
  dryRun: z.boolean(),
});

const seen: z.output<typeof Params>[] = [];
const executed: string[] = [];

class Report extends Pipeline.with(Params) {
  async run({ jobId, attempt, params, step, sleep, log, progress, signal }: this["Context"]) {
    seen.push(params);
    log.info(`mailing ${params.mail} ${CANARY.log}`, { customer: params.customer });
    progress(0.5, CANARY.progress);
    const once = <T>(name: string, result: T) =>
      step(name, async () => {
        executed.push(`${jobId} ${name}`);
        return result;
      });
    await once("load", { rows: [CANARY.step], [`a ${CANARY.stepKey}`]: 1, of: params.token });
    const [name] = await once("names", [CANARY.stepName]);
    await once(`mail ${name} for ${params.customer}`, null);
    if (params.mode === "delta") await sleep("1h");
    if (jobId === "mailer" && attempt === 1) await hold(signal);
    return { to: params.mail, note: CANARY.result, [`${CANARY.resultKey}@x.io`]: 4_711 };
  }
}

function hold(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    held.push(resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

class Broken extends Pipeline {
  run(): never {
    const error = new Error(`no ${CANARY.error}`, { cause: new Error(CANARY.cause) });
    throw Object.assign(error, { code: CANARY.code, name: CANARY.errorName });
  }
}

class Held extends Pipeline {
  async run({ params, signal }: RunContext): Promise<unknown> {
    await hold(signal);
    return params;
  }
}

function schedulerOn(kind: Kind, more: object = {}): PipelineScheduler {
  return new PipelineScheduler({
    connection: connectionOf(kind),
    prefix: `mask-${randomUUID().slice(0, 8)}`,
    pipelines: [Report, Broken, Held],
    logger: lineLogger("error", () => undefined),
    timeout: 30,
    ...more,
  });
}

const params = {
  customer: CANARY.given,
  mail: `${CANARY.mail}@example.com`,
  mode: "full" as const,
  token: `tok_${CANARY.secret}`,
  from: "2026-02-28",
  to: "2026-03-01",
  site: `https://${CANARY.given}.example.com:8443/a?b=${CANARY.given}`,
  run: "8f14e45f-ceea-467f-a0e6-c3c2b1a01234",
  limits: { [CANARY.given]: 4_711 },
  kind: 7 as const,
  dryRun: true,
};

async function until(scheduler: PipelineScheduler, runId: string, verdict: string): Promise<void> {
  await expect
    .poll(async () => (await scheduler.getRun(runId)).verdict, { timeout: 20_000 })
    .toBe(verdict);
}

async function untilHeld(count: number): Promise<void> {
  await vi.waitUntil(() => held.length >= count, { timeout: 20_000 });
}

/** Runs that succeeded, failed, sleep, execute and wait. @returns the run that has done all of its steps */
async function fill(scheduler: PipelineScheduler): Promise<string> {
  await scheduler.start();
  const hourly = { trigger: "interval" as const, hours: 1, tags: [CANARY.tag] };
  const description = `about ${CANARY.description}`;
  const somebody = scheduler.as({ kind: "cli", id: CANARY.actor }, `since ${CANARY.note}`);
  const owner = CANARY.owner;
  await somebody.addJob(Report, { ...hourly, id: "report", params, description, owner });
  await scheduler.addJob(Report, { ...hourly, id: "mailer", params });
  await scheduler.addJob(Report, {
    ...hourly,
    id: "sleeper",
    condition: "report.last_run_successful and not broken.running",
    params: { ...params, mode: "delta", customer: CANARY.other },
    concurrencyGroup: { key: "tenants", limit: 3 },
  });
  await scheduler.addJob(Report, { ...hourly, id: "paused", params });
  await scheduler.addJob(Broken, { id: "broken", trigger: "manual" });
  await scheduler.addJob(Held, { id: "held", trigger: "manual", overlap: "queue-all" });
  await scheduler.addJob(Held, { id: "gone", trigger: "manual" });

  await somebody.runJob("report", { wait: "1m" });
  await scheduler.runJob("broken", { wait: "1m" });
  await until(scheduler, await scheduler.runJob("sleeper", { ignoreCondition: true }), "sleeping");
  const gone = await scheduler.runJob("gone", { params: { of: CANARY.removed } });
  await untilHeld(1);
  held.pop()?.();
  await until(scheduler, gone, "succeeded");
  await somebody.runJob("held", { params: { of: CANARY.manual } });
  await somebody.runJob("held", { params: { of: CANARY.manual, n: 2 } });
  const third = await scheduler.runJob("held", { params: { n: 3 } });
  await untilHeld(1);
  await somebody.cancelRun(third, { reason: `for ${CANARY.cancel}` });
  const mailing = await scheduler.runJob("mailer");
  await untilHeld(2);
  await scheduler.removeJob("gone");
  await scheduler.pauseJob("paused", `since ${CANARY.pause}`);
  const next = (await scheduler.getJob("report"))?.nextRunTime ?? "";
  await somebody.skipOccurrence("report", next, `for ${CANARY.skip}`);
  return mailing;
}

async function fixtureOf(scheduler: PipelineScheduler, options: ExportOptions): Promise<string> {
  let text = "";
  for await (const line of scheduler.exportState(options)) text += line;
  return text;
}

function headerOf(text: string): StateHeader {
  return JSON.parse(text.slice(0, text.indexOf("\n"))) as StateHeader;
}

function bodyOf(text: string): string {
  return text.slice(text.indexOf("\n"));
}

/** The canaries in a text, in several spellings. */
function foundIn(text: string): string[] {
  const found = Object.entries(CANARY).filter(([, value]) => {
    const bytes = Buffer.from(value);
    const spellings = [value, bytes.toString("hex"), bytes.toString("base64").slice(0, -4)];
    return spellings.some((spelling) => text.toLowerCase().includes(spelling.toLowerCase()));
  });
  return found.map(([word]) => word);
}

describe.each(KINDS)("a fleet on %s", (kind) => {
  test("with runs in flight becomes a fixture that goes on elsewhere", async () => {
    await using source = schedulerOn(kind);
    const mailing = await fill(source);
    const secretsOnly = await fixtureOf(source, { mask: [], resume: false, logs: true });
    // All but this are there, which makes their absence from the next mean something.
    const absent = new Set(["secret"]);
    expect(foundIn(secretsOnly)).toEqual(Object.keys(CANARY).filter((word) => !absent.has(word)));
    await source.resume();

    const options = { mask: "all", maskKey: "a key of ours", logs: true } as const;
    const text = await fixtureOf(source, options);
    expect(foundIn(text)).toEqual([]);
    expect(text).not.toContain("127.0.0.1");
    expect(text).not.toMatch(/"(?:report|mailer|held|tenants)\b/);
    expect(headerOf(text).masked).toContain("params");
    expect(await source.isPaused()).toBe(false);
    expect(bodyOf(await fixtureOf(source, options))).toBe(bodyOf(text));

    const named = await fixtureOf(source, {
      mask: ["params", "results", "steps", "errors", "descriptions", "logs"],
      logs: true,
    });
    // Names stay together: owners are the beginnings of ids.
    expect(foundIn(named)).toEqual(["owner"]);
    await using target = schedulerOn(kind);
    await expect(target.importState(named)).rejects.toMatchObject({ code: "MASKED_STATE" });
    expect((await target.getJobs()).jobs).toEqual([]);
    const { logLines } = await target.importState(named, { allowMasked: true });
    expect(logLines).toBeGreaterThanOrEqual(3);
    expect((await target.getLogs(mailing)).lines).toMatchObject([{ level: "info", attempt: 1 }]);
    await source.pause();
    release();
    for (const list of [seen, executed]) list.length = 0;
    await target.start();
    // What was executed there is the next attempt here; its steps are done, and their names fit the masked params.
    await until(target, mailing, "succeeded");
    expect(await target.getRun(mailing)).toMatchObject({ attempt: 2 });
    expect(executed.filter((name) => name.startsWith("mailer"))).toEqual([]);
    await untilHeld(1);
    expect((await target.explain("sleeper", new Date())).text).toBeDefined();
    const run = await target.runJob("report", { wait: "1m" });
    expect(run).toMatchObject({ verdict: "succeeded" });
    expect(Params.parse(seen.at(-1))).toMatchObject({ mode: "full", kind: 7, dryRun: true });
    expect(foundIn(JSON.stringify(seen))).toEqual([]);
    release();
  }, 180_000);
});
