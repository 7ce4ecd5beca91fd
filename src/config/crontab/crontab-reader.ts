import { resolveTrigger } from "../../triggers/resolve.ts";
import { zoneOf } from "../../triggers/time/zone.ts";
import { ANY_TIME } from "../jobs/check-schedule.ts";
import type { DeclaredJob, ReadFile, Task } from "../jobs/declared-job.ts";
import { declared } from "../jobs/read-job.ts";
import { divided } from "../jobs/told.ts";
import { MAX_COMMAND } from "../file-limits.ts";
import type { Finding } from "../file-problem.ts";
import { isCronduitError } from "../../core/errors.ts";
import { shownUpTo } from "../../core/shown.ts";
import { emptyNode } from "../source/place-tree.ts";
import type { ReadSource } from "../source/read-source.ts";
import { divideCommand, divideEntry, type Entry, type Part } from "./entry.ts";
import { crontabIds } from "./ids.ts";
import type { SecondOpinion } from "./second-opinion.ts";
import { readVariable } from "./variables.ts";

/** What is known of a crontab besides its text. */
export interface CrontabForm {
  /** Whether each line names a user, as in `/etc/crontab` and `/etc/cron.d`. */
  readonly system: boolean;
}

/** Where cron runs commands: in the folder that HOME says. */
const IN_ITS_HOME = { cwd: "~" };

/** Variables of crons that have no effect here, and what does instead. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  MAILTO: "Output is kept in the run's log.",
  MAILFROM: "Output is kept in the run's log.",
  CONTENT_TYPE: "Output is kept in the run's log.",
  CONTENT_TRANSFER_ENCODING: "Output is kept in the run's log.",
  RANDOM_DELAY: "A job's option jitter delays its runs.",
};
const USER = /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/;
/** Macros of cron that are times. */
const MACROS = "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly";

interface ReadLine {
  /** Where the line begins in the file. */
  readonly at: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly task: Task;
  readonly identity: { readonly user: string; readonly command: string; readonly schedule: string };
}

/** Reads one crontab, line by line. */
export class CrontabReader {
  readonly #read: ReadSource;
  readonly #form: CrontabForm;
  readonly #opinion: SecondOpinion;
  /** The variables above the line. */
  readonly #env = new Map<string, string>();
  /** Schedules that are known to be right. */
  readonly #right = new Set<string>();
  #timezone: string | undefined;
  #shell: string | undefined;

  constructor(read: ReadSource, form: CrontabForm, opinion: SecondOpinion) {
    this.#read = read;
    this.#form = form;
    this.#opinion = opinion;
  }

  read(): ReadFile {
    const { source, problems } = this.#read;
    const lines: ReadLine[] = [];
    let at = 0;
    for (const whole of source.text.split("\n")) {
      const line = whole.endsWith("\r") ? whole.slice(0, -1) : whole;
      const isText = !/^\s*(?:#|$)/.test(line);
      if (isText && !this.#setsVariable(line, at)) {
        const read = this.#readEntry(line, at);
        if (read) lines.push(read);
      }
      at += whole.length + 1;
    }
    const ids = crontabIds(
      source.file,
      lines.map(({ identity }) => identity),
    );
    const jobs = lines.map((line, i) => this.#job(line, ids[i] ?? ""));
    return { jobs, problems: problems.all() };
  }

  #job({ at, options, task }: ReadLine, id: string): DeclaredJob {
    const places = { ...emptyNode(), value: { start: at, end: at } };
    const place = { source: this.#read.source, path: [], places };
    return declared(place, { id, options: { id, ...options }, task });
  }

  #tell(at: number, part: Part, finding: Finding): void {
    const start = at + part.at;
    this.#read.problems.add({ start, end: start + Math.max(part.text.length, 1) }, finding);
  }

  #setsVariable(line: string, at: number): boolean {
    const read = readVariable(line);
    if (!read) return false;
    if ("wrong" in read) {
      const [message, hint] =
        read.wrong === "quote"
          ? ["The quote is not closed at the end of the line.", "Put the whole value in quotes."]
          : ["A variable can't have this name.", "Names have letters, digits and _."];
      this.#tell(at, { text: line.slice(read.at), at: read.at }, { code: "SYNTAX", message, hint });
      return true;
    }
    const { name, value, start } = read;
    const place = { text: value, at: start };
    const effect = Object.hasOwn(WITHOUT_EFFECT, name) ? WITHOUT_EFFECT[name] : undefined;
    if (effect !== undefined)
      this.#tell(
        at,
        { text: name, at: line.indexOf(name) },
        {
          code: "IGNORED",
          severity: "warning",
          message: `${name} has no effect.`,
          hint: effect,
        },
      );
    else if (name === "CRON_TZ") this.#setTimezone(value, at, place);
    else if (name === "SHELL") this.#shell = value === "" ? undefined : value;
    else this.#env.set(name, value);
    return true;
  }

  #setTimezone(value: string, at: number, place: Part): void {
    const zone = this.#checked(at, place, () => (zoneOf(value), value));
    this.#timezone = zone;
  }

  #readEntry(line: string, at: number): ReadLine | undefined {
    const entry = divideEntry(line, this.#form.system);
    const trigger = this.#schedule(entry, at);
    // What follows a schedule that can't be read may be a part of it.
    if (!trigger || !this.#isWhole(entry, at)) return undefined;
    const user = entry.user?.text;
    const task: Task = {
      type: "command",
      ...divideCommand(entry.command.text.trimEnd()),
      shell: this.#shell ?? true,
      ...(this.#env.size === 0 ? {} : { env: Object.fromEntries(this.#env) }),
      ...(user === undefined ? {} : { user }),
      how: IN_ITS_HOME,
    };
    const identity = {
      user: user ?? "",
      command: entry.command.text.trimEnd(),
      schedule: `${entry.schedule.text} ${this.#timezone ?? ""}`,
    };
    return { at, options: trigger, task, identity };
  }

  #isWhole({ user, command }: Entry, at: number): boolean {
    if (user && !USER.test(user.text)) {
      this.#tell(at, user, {
        code: "SYNTAX",
        message:
          user.text === "" ? "The user is missing." : `${shownUpTo(40, user.text)} is no user.`,
        hint: "In a crontab of the system, the user stands before the command.",
      });
      return false;
    }
    const { command: text } = divideCommand(command.text);
    if (text.trim() !== "" && text.length <= MAX_COMMAND) return true;
    const message =
      text.trim() === ""
        ? "The command is missing."
        : `The command has more than ${MAX_COMMAND.toLocaleString("en-US")} characters.`;
    this.#tell(at, { text: "", at: command.at }, { code: "SYNTAX", message });
    return false;
  }

  #schedule({ schedule }: Entry, at: number): Record<string, unknown> | undefined {
    const expression = schedule.text;
    if (expression.toLowerCase() === "@reboot") {
      this.#tell(at, schedule, {
        code: "NOT_AT_START",
        severity: "warning",
        message: "@reboot is not a time: the job runs on request only.",
        hint: "Let the system's service manager start what must run at each boot.",
      });
      return { trigger: "manual" };
    }
    const zone = this.#timezone === undefined ? {} : { timezone: this.#timezone };
    const trigger = { trigger: "cron", expression, ...zone };
    if (this.#right.has(expression)) return trigger;
    const spec = this.#checked(at, schedule, () =>
      resolveTrigger(
        { trigger: "cron", expression },
        { now: ANY_TIME, timezone: "UTC", jobId: "" },
      ),
    );
    if (!spec) return undefined;
    const differs = this.#opinion.differs(expression, spec);
    if (differs !== undefined)
      this.#tell(at, schedule, { code: "CRON_DIFFERS", severity: "warning", message: differs });
    else this.#right.add(expression);
    return trigger;
  }

  /** Runs a check, and tells what it throws at its column. */
  #checked<T>(at: number, part: Part, check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      const isTrigger = isCronduitError(error, "INVALID_TRIGGER");
      if (!isTrigger && !isCronduitError(error, "INVALID_TIMEZONE")) throw error;
      const { column = 1, field } = error.data as { column?: number; field?: string };
      const isInside = field !== "timezone" && column >= 1 && column <= part.text.length;
      const offset = isInside ? column - 1 : 0;
      const token = /^[^\s,]+/.exec(part.text.slice(offset))?.[0] ?? part.text;
      const place = isInside && column > 1 ? { text: token, at: part.at + offset } : part;
      const finding: Finding = { code: error.code as Finding["code"], ...divided(error.message) };
      const isMacro = part.text.startsWith("@");
      const hint = finding.hint ?? (isMacro ? `Known macros: ${MACROS}.` : undefined);
      this.#tell(at, isInside && !isMacro ? { ...place, text: token } : part, { ...finding, hint });
      return undefined;
    }
  }
}
