import { inspect, styleText } from "node:util";
import type { EventName, SchedulerEvent } from "cronduit";

type Style = Parameters<typeof styleText>[0];

const isColoured = process.stdout.isTTY && !process.env["NO_COLOR"];

function paint(style: Style, text: string): string {
  return isColoured ? styleText(style, text) : text;
}

/** How each event is shown; others aren't. */
const SHOWN: Partial<Record<EventName, { readonly word: string; readonly style: Style }>> = {
  JOB_STARTED: { word: "started", style: "cyan" },
  JOB_EXECUTED: { word: "succeeded", style: "green" },
  JOB_ERROR: { word: "failed", style: "red" },
  JOB_MISSED: { word: "missed", style: "yellow" },
  JOB_MAX_INSTANCES: { word: "skipped", style: "yellow" },
  JOB_SKIPPED: { word: "skipped", style: "yellow" },
  JOB_COALESCED: { word: "coalesced", style: "yellow" },
  JOB_RETRYING: { word: "handed back", style: "yellow" },
  JOB_PAUSED: { word: "paused", style: "magenta" },
  JOB_RESUMED: { word: "resumed", style: "magenta" },
  JOB_REPAIRED: { word: "repaired", style: "magenta" },
  JOB_OVERDUE: { word: "overdue", style: "red" },
};
/** Runs of these are so short that their start isn't worth a line. */
const BRIEF = new Set(["sample", "disk", "aggregate", "sensor", "inventory"]);
/** Succeeds every second; the final account counts it. */
const PLAIN = new Set(["sample", "disk"]);

/** Prints events in columns, one per line. */
export class Screen {
  readonly #begunAt: number;
  readonly #startedAt = new Map<string, number>();
  readonly #nameOf: (workerId: string) => string;

  /**
   * @param begunAt The start of the demo, epoch ms.
   * @param nameOf The short name of a worker.
   */
  constructor(begunAt: number, nameOf: (workerId: string) => string = (id) => id) {
    this.#begunAt = begunAt;
    this.#nameOf = nameOf;
  }

  /** Whole seconds since the start of the demo. */
  seconds(): number {
    return Math.round((Date.now() - this.#begunAt) / 1_000);
  }

  /** Prints what the demo itself does. */
  say(text: string): void {
    this.#line(Date.now(), "", "", "", paint("bold", `» ${text}`));
  }

  /** A listener for `addListener`. */
  readonly show = (event: SchedulerEvent): void => {
    const shown = SHOWN[event.name];
    const { jobId = "", runId = "", attempt = 1 } = event;
    const startedAt = this.#startedAt.get(runId);
    if (event.name === "JOB_STARTED") this.#startedAt.set(runId, event.time.getTime());
    if (!shown || (event.name === "JOB_STARTED" && attempt === 1 && BRIEF.has(jobId))) return;
    if (event.name === "JOB_EXECUTED" && attempt === 1 && PLAIN.has(jobId)) return;
    const worker = event.worker === undefined ? "" : this.#nameOf(event.worker);
    const details = this.#details(event, startedAt).join(", ");
    this.#line(
      event.time.getTime(),
      jobId,
      paint(shown.style, shown.word.padEnd(11)),
      worker,
      details,
    );
  };

  heading(text: string): void {
    console.log(`\n${paint("bold", text)}`);
  }

  item(name: string, text: string): void {
    console.log(`  ${name}: ${text}`);
  }

  /** The last line: green or red. */
  verdict(isGood: boolean, text: string): void {
    console.log(paint(isGood ? "green" : "red", text));
  }

  table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
    const all = [head, ...rows].map((row) => row.map(String));
    const widths = head.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
    for (const [at, row] of all.entries()) {
      const cells = row.map((cell, i) =>
        i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
      );
      console.log(at === 0 ? paint("bold", cells.join("  ")) : cells.join("  "));
    }
  }

  #details(event: SchedulerEvent, startedAt: number | undefined): string[] {
    const at = event.time.getTime();
    const dueAt = event.scheduledRunTime?.getTime() ?? at;
    const { name, attempt = 1, count = 1, reason } = event;
    if (name === "JOB_STARTED")
      return attempt === 1
        ? [`${at - dueAt} ms late`]
        : [`attempt ${attempt}: taken over from the process that was killed`];
    if (name === "JOB_EXECUTED")
      return [
        ...(startedAt === undefined ? [] : [`took ${at - startedAt} ms`]),
        inspect(event.retval, { breakLength: Infinity }),
      ];
    if (name === "JOB_ERROR") return [event.exception?.message ?? ""];
    if (name === "JOB_MAX_INSTANCES") return ["max-instances: the previous run is still going"];
    return [
      ...(reason === undefined ? [] : [reason]),
      ...(count > 1 ? [`${count} occurrences`] : []),
    ];
  }

  #line(at: number, job: string, event: string, worker: string, details: string): void {
    const second = `${((at - this.#begunAt) / 1_000).toFixed(2)} s`.padStart(8);
    console.log(
      [paint("gray", second), job.padEnd(10), event || " ".repeat(11), worker.padEnd(9), details]
        .join("  ")
        .trimEnd(),
    );
  }
}
