import type { Clock, EpochMs } from "../core/clock.ts";
import type { LogFields, Logger } from "../core/log.ts";
import type { LogLine } from "../engine/port/engine.ts";
import { storableText, summarizeResult } from "../pipeline/outcome.ts";
import type { SecretValues } from "../pipeline/secrets/secret-values.ts";
import { outsideOfCapture } from "./console-capture.ts";
import type { LogOwner, LogWriter } from "./log-writer.ts";
import type { Redaction } from "./redaction.ts";

const MAX_MESSAGE = 8_192;
const MAX_FIELDS_BYTES = 8_192;
/** Lines are masked before they are cut: half a secret would not be found. */
const MAX_UNMASKED_BYTES = 256 * 1024;
/** The approximate size of a line without its message and fields. */
const LINE_WEIGHT = 64;

/** What the log of a run is made with. */
export interface RunLogParts {
  readonly writer: LogWriter;
  readonly logger: Logger;
  readonly owner: LogOwner;
  readonly attempt: number;
  readonly clock: Clock;
  /** The server's clock. */
  readonly now: () => EpochMs;
  readonly redaction: Redaction | undefined;
  readonly secrets: SecretValues | undefined;
}

/** The log of one attempt: each line goes to the process's logger and is stored with the run. */
export class RunLog {
  readonly #parts: RunLogParts;
  #weight = 0;
  /** Whether any line was handed over for storing. */
  hasLines = false;

  constructor(parts: RunLogParts) {
    this.#parts = parts;
  }

  write(level: LogLine["level"], given: string, fields?: LogFields): void {
    const { logger, owner, attempt, redaction, secrets } = this.#parts;
    const text = cutLine(typeof given === "string" ? given : String(given), MAX_UNMASKED_BYTES);
    const message = secrets ? secrets.inText(text) : text;
    const isStored = owner.maxBytes > 0 && this.#weight <= 2 * owner.maxBytes;
    const isCleaned = redaction !== undefined || secrets !== undefined;
    const copy = fields && (isStored || isCleaned) ? this.#copy(fields) : undefined;
    // A program's output is there already.
    if (level !== "output") {
      const shown = isCleaned ? copy?.value : fields;
      const about = { runId: owner.runId, jobId: owner.jobId, attempt };
      outsideOfCapture(() => {
        try {
          logger[level](message, { ...about, ...shown });
        } catch {
          // A logger that can't write a line must not fail the run; the line is stored all the same.
        }
      });
    }
    if (isStored) this.#store(level, message, copy);
  }

  /** Waits, but not long, until its lines are stored. */
  async flush(): Promise<void> {
    await this.#parts.writer.flush(this.#parts.owner.runId);
  }

  #store(level: LogLine["level"], message: string, fields: Copy | undefined): void {
    const { writer, owner, attempt, now } = this.#parts;
    const text = storableText(cutLine(message, MAX_MESSAGE), MAX_MESSAGE);
    const weight = LINE_WEIGHT + text.length + (fields?.length ?? 0);
    this.hasLines = true;
    // The engine ends the log at its limit and says so; what exceeds that by far need not be sent.
    this.#weight += weight;
    const line: LogLine = {
      at: now(),
      level,
      message: text,
      attempt,
      ...(fields ? { fields: fields.value } : {}),
    };
    writer.add(owner, { line, weight });
  }

  /** The fields in a form that can be stored, without secrets. */
  #copy(fields: LogFields): Copy | undefined {
    const { redaction, secrets } = this.#parts;
    const isCleaned = redaction !== undefined || secrets !== undefined;
    const json = summarizeResult(
      fields,
      isCleaned ? MAX_UNMASKED_BYTES : MAX_FIELDS_BYTES,
      secrets,
    );
    if (json === undefined) return undefined;
    const value = JSON.parse(json) as LogFields;
    if (!isCleaned) return { value, length: json.length };
    const { preview: _, ...told } = value;
    if ("$truncated" in told || "$unserializable" in told) return { value: told, length: 100 };
    // Redacted on a copy: the library clones only partly, and what is logged belongs to the pipeline.
    const clean = summarizeResult(redaction ? redaction(value) : value, MAX_FIELDS_BYTES) ?? "{}";
    return { value: JSON.parse(clean) as LogFields, length: clean.length };
  }
}

/** A line of bounded length that says, where it was cut, how much is missing. */
function cutLine(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const mark = (missing: number): string => `… (${missing} more characters)`;
  const kept = limit - mark(text.length).length;
  return text.slice(0, kept) + mark(text.length - kept);
}

interface Copy {
  readonly value: LogFields;
  readonly length: number;
}
