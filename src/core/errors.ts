import { type Difference, tellDifferences } from "./difference.ts";
import { withoutPasswords } from "./shown.ts";

/**
 * Every code an error of this package can carry, with what it means and what to do about it.
 * `docs/errors.md` holds the same table and a test compares the two. A code never changes its meaning.
 */
export const ERROR_CODES = {
  INVALID_OPTION: {
    meaning: "An option has a wrong type, is out of range, or is not known.",
    remedy: "Correct the option named in the message; `data.path` says where it stands.",
  },
  INVALID_TRIGGER: {
    meaning:
      "A trigger's fields or expression can't be understood, or the schedule can never fire.",
    remedy:
      "Correct the field at `data.field` and `data.column`; the message names what is allowed.",
  },
  INVALID_CONDITION: {
    meaning: "A condition can't be understood, or passes one of the language's limits.",
    remedy:
      "Correct the text at `data.column`; `data.expected` lists what may stand there, `data.suggestion` what was likely meant.",
  },
  INVALID_TIMEZONE: {
    meaning: "The time zone is not an IANA name that this Node.js knows.",
    remedy: "Use a name such as `Europe/Berlin` or `UTC`.",
  },
  INVALID_PARAMS: {
    meaning: "The params do not fit the pipeline's schema, or are not JSON.",
    remedy: "Correct the param at `data.path`, or the pipeline's `params` schema.",
  },
  PAYLOAD_TOO_LARGE: {
    meaning: "A value that is to be stored is larger than its limit.",
    remedy: "Store the content elsewhere and pass a reference to it.",
  },
  CONFLICTING_ID: {
    meaning: "A job of this id exists with another definition.",
    remedy:
      'See in `data.differences` what differs; choose another id, or pass `replaceExisting: true`; `importState` takes `onConflict: "skip"`.',
  },
  JOB_NOT_FOUND: {
    meaning: "There is no job of this id.",
    remedy:
      "Check the id with `getJobs()`; the job may have been removed or have reached its retention.",
  },
  RUN_NOT_FOUND: {
    meaning: "There is no run of this id.",
    remedy: "Check the id with `getRuns(jobId)`; retention may have removed it.",
  },
  UNKNOWN_PIPELINE: {
    meaning: "No pipeline of this name is registered here.",
    remedy: "Add the class to `pipelines` of this scheduler or worker.",
  },
  INVALID_PIPELINE: {
    meaning: "What was given is not a pipeline, or two different pipelines have the same name.",
    remedy: "Extend `Pipeline` and give each class a name of its own.",
  },
  INVALID_STATE: {
    meaning: "The call does not fit the state of the scheduler, the worker or the job.",
    remedy: "The message names the state and the call that leads out of it.",
  },
  CONNECTION_FAILED: {
    meaning: "The engine could not be reached within the time allowed.",
    remedy: "Check the server and the `connection` option; the call may be repeated.",
  },
  SERVER_REFUSED: {
    meaning:
      "The server answered, and refused: a wrong password, a right that its user lacks, no memory, no disk, too few replicas.",
    remedy:
      "The message holds the server's words. `docs/redis.md` names the rights that are needed.",
  },
  UNSUPPORTED_SERVER: {
    meaning:
      "The server is too old or not set up as needed, or holds data written by a newer version of this package.",
    remedy: "Change or upgrade what the message names.",
  },
  SCHEMA_OUTDATED: {
    meaning:
      "The schema in the database is missing or not that of this package, and `migrate` is `false`.",
    remedy: "Call `migrate(connection, { prefix })` before, as a role that may create.",
  },
  FOLDER_IN_USE: {
    meaning: "Another process uses the folder of the embedded engine.",
    remedy:
      "End that process, give this one another folder, or connect both to `postgres://` or `redis://`.",
  },
  FOLDER_DAMAGED: {
    meaning:
      "The folder of the embedded engine can't be opened: its files are incomplete or damaged.",
    remedy: "Put back a copy of the folder, or move it away; a new one is then made.",
  },
  RUN_FENCED: {
    meaning: "This attempt lost its run: its lock expired and another attempt took over.",
    remedy: "Nothing to repair. Keep the event loop free, or raise `lock`.",
  },
  RUN_CRASHED: {
    meaning: "Each start of the run, up to the limit, ended without a word from its worker.",
    remedy:
      "Look for what ended the workers that the message names (memory, a kill); then start the job by `runJob`.",
  },
  RUN_REPORTED_FAILURE: {
    meaning: "The pipeline returned `{ success: false }`.",
    remedy: "See the run's error message, which the pipeline gave.",
  },
  RUN_ABORTED: {
    meaning: "The run was told to stop before it was done, by shutdown or by loss of its lock.",
    remedy: "It is taken up again by another worker unless it was cancelled.",
  },
  RUN_TIMED_OUT: {
    meaning: "An attempt took longer than the job's `timeout`.",
    remedy: "Find what it waited for, divide the work into steps, or raise `timeout`.",
  },
  RUN_CANCELLED: {
    meaning: "Somebody cancelled the run; the message is the reason given.",
    remedy: "Nothing to repair. `runJob` starts the job anew.",
  },
  INVALID_STEP: {
    meaning:
      "A step has an unusable name, a name that the run used before, or a result that is no JSON; or there are too many.",
    remedy: "Correct what the message names; in a loop, put what differs into the name.",
  },
  STEP_TIMED_OUT: {
    meaning: "A step took longer than its `timeout`, in each of its tries.",
    remedy: "Find what it waited for, or raise the step's `timeout`.",
  },
  MISSING_MODULE: {
    meaning:
      'A job with `isolate: "process"` has a pipeline of which nothing says in which module it is, or that is not there.',
    remedy:
      "Write `static readonly module = import.meta.url` in the class and export it, or use `defineJob({ module, export })`.",
  },
  PROCESS_ENDED: {
    meaning: 'The child process of a job with `isolate: "process"` ended before its run did.',
    remedy: "Look for what ended it (memory, a native crash, `process.exit`) in the run's log.",
  },
  NOT_IN_BUNDLE: {
    meaning:
      "The program was bundled, and a file that can't be bundled is not installed where it runs.",
    remedy: "Install what the message names beside the bundle; see `docs/bundling.md`.",
  },
  WAIT_TIMED_OUT: {
    meaning: "A run that was waited for has no verdict yet.",
    remedy: "It goes on; look for it with `getRun(runId)`, or wait longer.",
  },
  INVALID_STATE_FILE: {
    meaning:
      "What `importState` was given is no exported state, is cut off, or was written by a newer version; nothing was stored.",
    remedy:
      "See the line at `data.line` and the field at `data.path`; export the state again rather than mending it.",
  },
  RUNS_UNFINISHED: {
    meaning: "Runs did not end in the time that they were given.",
    remedy:
      "Wait for the runs in `data.runIds`, or allow more time with `drain`; the fleet goes on as before.",
  },
  UNREADABLE_RECORD: {
    meaning:
      "Something that is stored can't be read; it was left out of what was asked for, and the rest goes on.",
    remedy: "See `data.what` and the cause: the store was damaged, or something else writes to it.",
  },
  INTERNAL: {
    meaning: "A state that this package holds to be impossible.",
    remedy: "Please report it with the message and the stack.",
  },
} as const satisfies Record<string, { meaning: string; remedy: string }>;

/** The stable name of a kind of error; the keys of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Fields that say where the fault lies; which of them are set depends on the code. */
export type ErrorData = Readonly<Record<string, unknown>>;

/** The same for each copy of the package in a process: a bundle may hold one of its own, whose classes are others. */
const MARK = Symbol.for("cronduit.error");

/** The base of every error that this package throws on purpose. */
export class CronduitError extends Error {
  // As text in each class: a bundler that shortens names shortens those of classes too.
  override readonly name: string = "CronduitError";
  /** Stable across versions; decide on this and never on the message. */
  readonly code: ErrorCode;
  /** Where and what, for programs: e.g. `path`, `field`, `column`, `jobId`. */
  readonly data: ErrorData;

  constructor(
    code: ErrorCode,
    message: string,
    options: { data?: ErrorData; cause?: unknown } = {},
  ) {
    super(
      withoutPasswords(message),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.data = openData(options.data ?? {});
    // Not enumerable, so that nobody prints it.
    Object.defineProperty(this, MARK, { value: true });
  }
}

/** Loggers print the fields of an error too, and a value that was given in a wrong place may be a URL. */
function openData(data: ErrorData): ErrorData {
  const isClosed = Object.values(data).some(
    (value) => typeof value === "string" && withoutPasswords(value) !== value,
  );
  if (!isClosed) return data;
  const open = Object.entries(data).map(([name, value]) => [
    name,
    typeof value === "string" ? withoutPasswords(value) : value,
  ]);
  return Object.fromEntries(open) as ErrorData;
}

/**
 * A job of the same id exists, with another definition. Code `CONFLICTING_ID`. `data.differences` lists what differs, each a
 * {@link Difference}.
 */
export class ConflictingIdError extends CronduitError {
  override readonly name = "ConflictingIdError";

  constructor(jobId: string, differences: readonly Difference[]) {
    super(
      "CONFLICTING_ID",
      `Job "${jobId}" exists with another definition: ${tellDifferences(differences)}. Choose another id, or pass replaceExisting: true.`,
      { data: { jobId, differences } },
    );
  }
}

/** No job of that id. Code `JOB_NOT_FOUND`. */
export class JobLookupError extends CronduitError {
  override readonly name = "JobLookupError";

  constructor(jobId: string) {
    super("JOB_NOT_FOUND", `There is no job "${jobId}".`, { data: { jobId } });
  }
}

/** A trigger that can't be understood or can never fire. Codes `INVALID_TRIGGER` and `INVALID_TIMEZONE`. */
export class TriggerError extends CronduitError {
  override readonly name = "TriggerError";

  constructor(
    message: string,
    data: { field?: string; column?: number; value?: unknown; [more: string]: unknown } = {},
    code: "INVALID_TRIGGER" | "INVALID_TIMEZONE" = "INVALID_TRIGGER",
  ) {
    super(code, message, { data });
  }
}

/** A condition that can't be understood, or is larger than the limits. Code `INVALID_CONDITION`. */
export class ConditionError extends CronduitError {
  override readonly name = "ConditionError";

  constructor(
    message: string,
    /** `column` counts from 1 in UTF-16 units of the whole text; a line break is one of them. */
    data: {
      column?: number;
      found?: string;
      expected?: readonly string[];
      suggestion?: string;
      [more: string]: unknown;
    } = {},
  ) {
    super("INVALID_CONDITION", message, { data });
  }
}

/**
 * Whether `error` is one of ours, with this code if one is given. Knows those of another copy of the package in the process, too, as a
 * bundle has one, where `instanceof` does not.
 */
export function isCronduitError(error: unknown, code?: ErrorCode): error is CronduitError {
  const isOurs = typeof error === "object" && error !== null && MARK in error;
  return isOurs && (code === undefined || Reflect.get(error, "code") === code);
}
