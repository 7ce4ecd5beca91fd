import {
  addRollUps,
  type DaysQuery,
  type HoursQuery,
  type JobDays,
  PERIOD_MS,
  periodOf,
  type RollUp,
} from "../../jobs/roll-up.ts";
import { readEach } from "../codec/readable.ts";
import type { StatsPort } from "../port/stats.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** How many jobs a script call reads. */
const BATCH = 100;

/** Roll-ups on Redis: see `roll_ups.lua`. */
export class RedisStats implements StatsPort {
  readonly #calls: RedisCalls;

  constructor(calls: RedisCalls) {
    this.#calls = calls;
  }

  async readDays({ jobIds, fromAt, toAt }: DaysQuery): Promise<JobDays[]> {
    const read: JobDays[] = [];
    for (let i = 0; i < jobIds.length; i += BATCH) {
      const ids = jobIds.slice(i, i + BATCH);
      const found = (await this.#calls.run("read_days", {}, ids)) as [string, ...string[]][];
      for (const [k, [open, ...kept]] of found.entries()) {
        const jobId = ids[k] ?? "";
        const texts = [open, ...withNumbers(kept)];
        const days = this.#read("day", texts, `day of job "${jobId}"`).filter(
          ({ at }) => at >= fromAt && at <= toAt,
        );
        if (days.length > 0) read.push({ jobId, days });
      }
    }
    return read;
  }

  async readHours({ fromAt, toAt }: HoursQuery): Promise<RollUp[]> {
    const { redis } = this.#calls;
    const key = (name: string): string => this.#calls.key(name);
    const [from, to] = [periodOf("hour", fromAt), periodOf("hour", toAt)];
    const replies = await this.#calls.bounded("readHours", () =>
      // Together: the latest hour moves from one to the other.
      redis.multi().get(key("hour")).zrangebyscore(key("hours"), from, to).exec(),
    );
    const [open, kept] = (replies ?? []).map(([error, reply]) => {
      if (error) throw error;
      return reply;
    }) as [string | null, string[]];
    return this.#read("hour", [open ?? "", ...kept], "hour").filter(
      ({ at }) => at >= fromAt && at <= toAt,
    );
  }

  #read(period: keyof typeof PERIOD_MS, texts: readonly string[], what: string): RollUp[] {
    const written = texts.filter((text) => text !== "");
    const read = (text: string): RollUp => readRollUp(period, text);
    return addRollUps(readEach(written, what, read, this.#calls.tell));
  }
}

/** Texts of days, each with the number in front that came before it. */
function withNumbers(flat: readonly string[]): string[] {
  return flat.flatMap((text, i) => (i % 2 === 0 ? [] : [`${flat[i - 1]} ${text}`]));
}

/** Reads a text of `roll_ups.lua`. @throws SyntaxError */
function readRollUp(period: keyof typeof PERIOD_MS, text: string): RollUp {
  const [number, latenessMaxMs, durationMaxMs, ...counts] = text.split(" ");
  const marks = counts.map((count): [string, number] => {
    const [mark = "", n] = count.split("=");
    return [mark, Number(n)];
  });
  const read = {
    at: Number(number) * PERIOD_MS[period],
    marks: Object.fromEntries(marks),
    latenessMaxMs: Number(latenessMaxMs),
    durationMaxMs: Number(durationMaxMs),
  };
  const numbers = [read.at, read.latenessMaxMs, read.durationMaxMs, ...marks.map(([, n]) => n)];
  if (numbers.every((n) => Number.isFinite(n))) return read;
  throw new SyntaxError(`no roll-up: ${text.slice(0, 100)}`);
}
