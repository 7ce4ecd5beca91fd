import { expect, test } from "vitest";
import { z } from "zod";
import { lineLogger, Pipeline, PipelineScheduler, type RunContext } from "../../src/index.ts";
import type { CaseContext } from "./suite.ts";

/** NUL, and a half of a surrogate pair. */
const RAW = "a\0b\ud800c";
const KEPT = "a\uFFFDb\uFFFDc";

const params = z.object({ text: z.string() });
type Params = typeof params;

class Raw extends Pipeline<Params> {
  static override readonly params = params;

  async run({ attempt, params: given, log, step }: RunContext<Params>) {
    const kept = await step("look", () => RAW);
    if (attempt === 1) throw new Error(RAW);
    log.info(RAW, { field: RAW });
    // An escape that only looks like one, a whole pair, and U+FFFD itself stay.
    const others = ["\\u0000", "\u{1f600}", "\uFFFD"];
    return { text: RAW, [RAW]: 1, others, kept: kept === RAW, given: given.text === RAW };
  }
}

class Whole extends Pipeline {
  async run() {
    return { text: "\\u0000 \u{1f600} \uFFFD" };
  }
}

/** What not every server's text can hold. */
export function textCases({ tested, prefix }: CaseContext): void {
  test("NUL and halves of surrogate pairs are stored as U+FFFD in results, errors and logs, and a result's are told", async () => {
    const connection = tested.schedulerConnection();
    await using scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      prefix: `${prefix}-text`,
      pipelines: [Raw, Whole],
      logger: lineLogger("error"),
    });
    await scheduler.start();
    const later = { trigger: "date", runDate: "2090-01-01" } as const;
    const retry = { attempts: 2, delay: 0.1 };
    await scheduler.addJob(Raw, { id: "raw", ...later, params: { text: RAW }, retry });
    await scheduler.addJob(Raw, { id: "fails", ...later, params: { text: RAW } });
    await scheduler.addJob(Whole, { id: "whole", ...later });

    const run = await scheduler.runJob("raw", { wait: true });
    expect(run.verdict).toBe("succeeded");
    expect(run.result).toEqual({
      text: KEPT,
      [KEPT]: 1,
      others: ["\\u0000", "\u{1f600}", "\uFFFD"],
      // A run reads back exactly what it stored: steps and params are kept as JSON, escapes included.
      kept: true,
      given: true,
    });
    const { lines } = await scheduler.getLogs(run.id);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: "info", message: KEPT, fields: { field: KEPT } }),
    );
    const told = (all: typeof lines) => all.filter(({ message }) => message.includes("U+FFFD"));
    expect(told(lines)).toMatchObject([{ level: "warn" }]);

    const failed = await scheduler.runJob("fails", { wait: true });
    expect(failed.error?.message).toBe(KEPT);

    const whole = await scheduler.runJob("whole", { wait: true });
    expect(whole.result).toEqual({ text: "\\u0000 \u{1f600} \uFFFD" });
    expect(told((await scheduler.getLogs(whole.id)).lines)).toEqual([]);
    await scheduler.removeAllJobs();
  }, 60_000);

  test("filters and cursors that nobody wrote find nothing, and fail no server", async () => {
    const connection = tested.schedulerConnection();
    await using scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      prefix: `${prefix}-filters`,
      pipelines: [Whole],
      logger: lineLogger("error"),
      worker: false,
    });
    await scheduler.addJob(Whole, { id: "whole", trigger: "manual", owner: "ann" });
    for (const text of [RAW, "\0", "__proto__", "%", "1 OR 1=1"]) {
      const filters = ["owner", "source", "pipeline", "tag", "text"].map((name) => ({
        [name]: text,
      }));
      for (const filter of filters) {
        expect((await scheduler.getJobs(filter)).jobs).toEqual([]);
        expect((await scheduler.countJobs(filter)).total).toBe(0);
        if (!("source" in filter)) expect((await scheduler.getRuns(filter)).runs).toEqual([]);
      }
      expect((await scheduler.getStats({ owner: text })).jobs?.count).toBe(0);
      const cursors = [
        `d:5:${text}`,
        `d:9999999999999999:${text}`,
        `o:1:${text}`,
        "d:5:99999999999999999999",
      ];
      for (const cursor of cursors) {
        const asked = scheduler.getRuns({ verdict: ["running", "failed"], cursor });
        if (/\p{Cc}/u.test(cursor))
          await expect(asked).rejects.toMatchObject({ code: "INVALID_OPTION" });
        else expect((await asked).runs).toEqual([]);
      }
    }
  });
}
