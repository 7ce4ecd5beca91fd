import { checkTrigger } from "../../triggers/check/check-trigger.ts";
import { loadPeer, type Peer } from "../../triggers/check/peer.ts";
import type { TriggerSpec } from "../../triggers/spec.ts";
import { ANY_TIME } from "../jobs/check-schedule.ts";

/** Most different schedules of a file that are compared: each costs some milliseconds. */
const MAX_COMPARED = 1_000;

/** Asks cron-parser what it makes of the schedules of a crontab. */
export class SecondOpinion {
  readonly #peer: Peer;
  readonly #answers = new Map<string, string | undefined>();

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  /** One for a file. cron-parser is loaded when it is first asked. */
  static async load(): Promise<SecondOpinion> {
    return new SecondOpinion(await loadPeer());
  }

  /**
   * What it says otherwise, if no known rule explains it. Compared in UTC: how clocks change is not a question of what was
   * written.
   */
  differs(expression: string, spec: TriggerSpec): string | undefined {
    if (this.#answers.has(expression)) return this.#answers.get(expression);
    if (this.#answers.size >= MAX_COMPARED) return undefined;
    const { differences } = checkTrigger(spec, ANY_TIME, this.#peer);
    const words = differences.find(({ code }) => code === "unexplained")?.words;
    this.#answers.set(expression, words);
    return words;
  }
}
