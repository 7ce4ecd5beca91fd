// A URL with its password, given where something else is meant, appears in no message and no field of an error.
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withoutPasswords } from "../../src/core/shown.ts";
import { Pipeline, PipelineScheduler, trigger } from "../../src/index.ts";
import { parseCondition, parseSchedule } from "../../src/triggers.ts";
import { silent } from "../helpers/silent.ts";

const WORD = "hunter2";
const LONG = `${WORD}${"x".repeat(150)}${WORD}`;
const URLS = [
  `redis://user:${WORD}@h:6379/0`,
  `redis://:${WORD}/a/${WORD}@h`,
  `redis://:${WORD}@${WORD}@h`,
  `postgres://user:${WORD},${WORD};${WORD}=${WORD}@h/db`,
  `postgres://user:${LONG}@h/db`,
  `postgres://h/db?user=me&password=${WORD}`,
  `REDISS://user:(${WORD}.${WORD})@h`,
];

/** Blanks end a URL where other text stands before it. */
const WITH_BLANKS = `postgres://user:${WORD} ${WORD} ${WORD} ${WORD} ${WORD}@h/db`;
const WITHIN = /, as (?:a (?:zone|field|macro)|the argument)|AWS|a part|the start/;

class Plain extends Pipeline {
  run(): void {}
}

let scheduler: PipelineScheduler;
beforeAll(() => {
  scheduler = new PipelineScheduler({ pipelines: [Plain], logger: silent, worker: false });
});
afterAll(() => scheduler.shutdown());

function add(options: object): Promise<unknown> {
  return scheduler.addJob(Plain, options as never);
}

const hourly = { trigger: "interval", hours: 1 };
const PLACES: Readonly<Record<string, (url: string) => unknown>> = {
  "cron()": (url) => trigger.cron(url),
  "cron(), as a zone": (url) => add({ trigger: trigger.cron(`TZ=${url} 0 9 * * *`) }),
  "cron(), as a field": (url) => trigger.cron(`0 9 * * ${url}`),
  "cron(), as a macro": (url) => trigger.cron(`@${url}`),
  "cron(), as that of AWS": (url) => trigger.cron(`cron(${url})`),
  "every()": (url) => trigger.every(url),
  "at()": (url) => trigger.at(url),
  "rrule()": (url) => trigger.rrule(url),
  "rrule(), a part": (url) => trigger.rrule(`FREQ=DAILY;BYHOUR=${url}`),
  "rrule(), the start": (url) => trigger.rrule(`DTSTART:${url}\nRRULE:FREQ=DAILY`),
  "parseSchedule()": (url) => parseSchedule(url),
  "parseCondition()": (url) => parseCondition(url),
  "parseCondition(), as a job": (url) => parseCondition(`${url}.last_run_successful`),
  "parseCondition(), as the argument": (url) => parseCondition(`a.finished_within(${url})`),
  "new PipelineScheduler, timezone": (url) => new PipelineScheduler({ timezone: url }),
  ...Object.fromEntries(
    ["timezone", "startDate", "nextRunTime", "jitter", "condition", "misfireGraceTime"].map(
      (name) => [`addJob, ${name}`, (url: string) => add({ ...hourly, [name]: url })],
    ),
  ),
  "addJob, trigger": (url) => add({ trigger: url }),
  "addJob, a name": (url) => add({ ...hourly, [url]: 1 }),
  "addJob, calendars": (url) => add({ ...hourly, calendars: [url] }),
  "addJob, hour": (url) => add({ trigger: "cron", hour: url }),
  "addJob, expression": (url) => add({ trigger: "cron", expression: url }),
  "addJob, runDate": (url) => add({ trigger: "date", runDate: url }),
  "addJob, daily": (url) => add({ daily: url }),
  "addJob, weekly": (url) => add({ weekly: url }),
  "addJob, rule": (url) => add({ trigger: "rrule", rule: url }),
};

describe.each(Object.entries(PLACES))("%s", (place, give) => {
  test.each(WITHIN.test(place) ? URLS : [...URLS, WITH_BLANKS])("%s", async (url) => {
    let refusal: unknown;
    try {
      await give(url);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(Error);
    const { message, data } = refusal as Error & { data?: unknown };
    expect(message).not.toContain(WORD);
    expect(inspect(data, { depth: 5 })).not.toContain(WORD);
  });
});

test.each([
  ["no URL", "a@b, c://", "a@b, c://"],
  ["in a sentence", "asked redis://u:p@h and a@b", "asked redis://…@h and a@b"],
  ["two", "from redis://u:p@h to redis://u:q/r@i", "from redis://…@h to redis://…@i"],
  ["without a password", "see https://example.com/a?b=c", "see https://example.com/a?b=c"],
  ["in a query", "postgres://h/db?password=p&a=b", "postgres://h/db?password=…&a=b"],
])("withoutPasswords: %s", (_, text, open) => {
  expect(withoutPasswords(text)).toBe(open);
  expect(withoutPasswords(open)).toBe(open);
});
