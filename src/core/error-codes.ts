import { TASK_ERROR_CODES } from "./task-error-codes.ts";

/**
 * Every code that an error of this package can carry, with its meaning and remedy. `docs/errors.md` holds the same
 * table; a test compares the two. A code never changes its meaning.
 */
export const ERROR_CODES = {
  INVALID_OPTION: {
    meaning: "An option has a wrong type, is out of range, or doesn't exist.",
    remedy: "Correct the option named in the message; `data.path` says where it stands.",
  },
  INVALID_TRIGGER: {
    meaning:
      "A trigger's fields or expression can't be understood, or the schedule can never fire.",
    remedy:
      "Correct the field at `data.field` and `data.column`; the message names what is allowed.",
  },
  INVALID_CONDITION: {
    meaning: "A condition can't be understood, or exceeds one of the language's limits.",
    remedy:
      "Correct the text at `data.column`; `data.expected` lists what is allowed there, `data.suggestion` what was probably meant.",
  },
  INVALID_TIMEZONE: {
    meaning: "The time zone is not an IANA name that this Node.js knows.",
    remedy: "Use a name such as `Europe/Berlin` or `UTC`.",
  },
  INVALID_PARAMS: {
    meaning: "The params don't match the pipeline's schema, or are not JSON.",
    remedy: "Correct the param at `data.path`, or the pipeline's `params` schema.",
  },
  PAYLOAD_TOO_LARGE: {
    meaning: "A value to be stored is larger than its limit.",
    remedy: "Store the content elsewhere and pass a reference to it.",
  },
  CONFLICTING_ID: {
    meaning: "A job with this id already exists, with a different definition.",
    remedy:
      'See `data.differences`. Choose another id, or pass `replaceExisting: true`; for `importState`, pass `onConflict: "skip"`.',
  },
  CONFIG_CONFLICT: {
    meaning: "Job files of one source have different content in different places.",
    remedy:
      "Let all processes that read the source read the same files, or give one of them another source; `GET /files` lists them.",
  },
  JOB_NOT_FOUND: {
    meaning: "There is no job with this id.",
    remedy:
      "Check the id with `getJobs()`; the job may have been removed, or deleted by retention.",
  },
  RUN_NOT_FOUND: {
    meaning: "There is no run with this id.",
    remedy: "Check the id with `getRuns(jobId)`; retention may have deleted it.",
  },
  INVALID_REQUEST: {
    meaning: "A request to the HTTP API can't be read: its body, a header or its URL.",
    remedy: "Correct what the message names; `/api/openapi.json` lists what each route takes.",
  },
  NOT_AUTHENTICATED: {
    meaning: "A request to the HTTP API has no valid credential.",
    remedy: "Sign in, or send an API token: `Authorization: Bearer cdt_…`.",
  },
  NOT_READY: {
    meaning: "The fleet's server does not answer the process that serves the HTTP API.",
    remedy: "Try again; the process's log says what is wrong.",
  },
  TOO_MANY_STREAMS: {
    meaning: "The HTTP API has as many open streams as it may, or the caller has.",
    remedy:
      "Close streams that nobody reads, or raise `limits.streams`, `limits.streamsPerCaller` or the quota.",
  },
  SECOND_FACTOR_REQUIRED: {
    meaning: "The password is right, and a second factor is needed to sign in.",
    remedy:
      "Send `code` too: that of the authenticator app, or a recovery code. If `data.isSetUp` is false, set one up first with `POST /second-factor`.",
  },
  PASSWORD_CHANGE_REQUIRED: {
    meaning: "The password was right, and is only good for choosing another one.",
    remedy: "Sign in with `newPassword` beside it.",
  },
  WEAK_PASSWORD: {
    meaning: "The new password is too short or too long, common, or made of the user's name.",
    remedy: "Choose a longer one, such as several words; any characters will do.",
  },
  TOO_MANY_ATTEMPTS: {
    meaning: "Too many wrong passwords came for this account or from this address.",
    remedy: "Wait as long as the header `Retry-After` says.",
  },
  CSRF_TOKEN_MISSING: {
    meaning: "A change by cookie came without the header that only the dashboard's pages can send.",
    remedy: "Send `x-cronduit-csrf` with the `csrf` of `GET /session`, or use an API token.",
  },
  ACCOUNT_NOT_FOUND: {
    meaning: "There is no such user, API token or session, or it is somebody else's.",
    remedy: "Check the id in the list: `GET /users`, `/tokens` or `/sessions`.",
  },
  USER_EXISTS: {
    meaning: "There is a user with this name already.",
    remedy: "Choose another name; upper and lower case do not tell names apart.",
  },
  LAST_ADMINISTRATOR: {
    meaning: "Nobody could administer the accounts any more.",
    remedy: "Make another user an administrator first.",
  },
  QUOTA_EXCEEDED: {
    meaning: "The owner may not have more of this; `data.quota` and `data.limit` say of what.",
    remedy: "Remove what is not needed, or ask an administrator for a larger quota.",
  },
  ROUTE_NOT_FOUND: {
    meaning: "The HTTP API has no such path.",
    remedy: "Check the path with `/api/openapi.json`; ids in it must be percent-encoded.",
  },
  METHOD_NOT_ALLOWED: {
    meaning: "The HTTP API has this path, but not with this method.",
    remedy: "Use one of the methods in the answer's header `Allow`.",
  },
  ENCRYPTION_REQUIRED: {
    meaning: "A request reached the HTTP API by its public name without encryption.",
    remedy:
      "Call it by https. If a proxy that others reach by https passed it on, name it in `trustProxy`.",
  },
  HOST_NOT_ALLOWED: {
    meaning: "A request calls the HTTP API by a name that is not its own.",
    remedy: "Set `publicUrl` of `createApi` to the URL at which it is reached.",
  },
  ORIGIN_NOT_ALLOWED: {
    meaning: "A page of another site called the HTTP API.",
    remedy: "Name the page's origin in `cors.origins` of `createApi`, if it may.",
  },
  IDEMPOTENCY_KEY_IN_USE: {
    meaning: "The first request with this `Idempotency-Key` is being answered.",
    remedy:
      "Repeat it a little later; if its process died, the key is free again after ten minutes.",
  },
  IDEMPOTENCY_KEY_REUSED: {
    meaning: "An `Idempotency-Key` was used for another request, or its answer is not kept.",
    remedy:
      "Send another key for another request; see whether the first one did what it was to do.",
  },
  RATE_LIMITED: {
    meaning: "There were too many requests in the last minute.",
    remedy:
      "Wait as long as the header `Retry-After` says; `limits.requestsPerMinute` has the limits.",
  },
  NOT_ALLOWED: {
    meaning: "This actor may not do that; what it may not even see is reported as not found.",
    remedy: "Act as an editor of the job's owner, or as an administrator: see `as`.",
  },
  REVISION_CHANGED: {
    meaning:
      "The job is not as the caller read it: it has another revision, was removed, or is there already.",
    remedy: "Read the job again, decide anew, and repeat the call with its present revision.",
  },
  UNKNOWN_PIPELINE: {
    meaning: "No pipeline with this name is registered in this process.",
    remedy: "Add the class to the `pipelines` of this scheduler or worker.",
  },
  INVALID_PIPELINE: {
    meaning: "What was given is not a pipeline, or two different pipelines have the same name.",
    remedy: "Extend `Pipeline` and give each class a unique name.",
  },
  NOT_OVERRIDABLE: {
    meaning: "The job is declared with `lockable: false`: nobody may override it.",
    remedy: "Change the job where it is declared.",
  },
  INVALID_STATE: {
    meaning: "The call is not allowed in the current state of the scheduler, worker or job.",
    remedy: "The message names the state and the call that changes it.",
  },
  OCCURRENCE_DECIDED: {
    meaning:
      "The occurrence runs or has its verdict: it can't be skipped any more, and a skip can't be taken back.",
    remedy: "See `data.state`; end a run with `cancelRun`, repeat an occurrence with `backfill`.",
  },
  CONNECTION_FAILED: {
    meaning: "The engine could not be reached in time.",
    remedy: "Check the server and the `connection` option; the call can be retried.",
  },
  SERVER_REFUSED: {
    meaning:
      "The server refused the request: wrong password, missing privilege, out of memory or disk space, too few replicas.",
    remedy: "The message quotes the server. `docs/redis.md` lists the privileges that are needed.",
  },
  UNSUPPORTED_SERVER: {
    meaning:
      "The server is too old, is not set up as required, or holds data written by a newer version of this package.",
    remedy: "Upgrade or change what the message names.",
  },
  UNSUPPORTED_LIBRARY: {
    meaning:
      "A library that this package builds on is installed in a version whose internals differ from those it relies on.",
    remedy: "Install the version that the message names; `npm ls` shows why another one is there.",
  },
  SCHEMA_OUTDATED: {
    meaning:
      "The database schema is missing or belongs to another version of this package, and `migrate` is `false`.",
    remedy: "Call `migrate(connection, { prefix })` first, as a role that may create tables.",
  },
  FOLDER_IN_USE: {
    meaning: "Another process is using the embedded engine's folder.",
    remedy:
      "Stop that process, use another folder, or connect both to `postgres://` or `redis://`.",
  },
  FOLDER_DAMAGED: {
    meaning: "The embedded engine's folder can't be opened: its files are incomplete or damaged.",
    remedy: "Restore a copy of the folder, or move it away to start with a new one.",
  },
  RUN_FENCED: {
    meaning: "This attempt lost its run: its lock expired and another attempt took over.",
    remedy: "Nothing to fix. Keep the event loop free, or raise `lock`.",
  },
  RUN_CRASHED: {
    meaning:
      "The run was started as often as allowed, and each time its worker died without reporting an outcome.",
    remedy:
      "Find out what killed the workers named in the message (memory, a signal), then start the job with `runJob`.",
  },
  RUN_REPORTED_FAILURE: {
    meaning: "The pipeline returned `{ success: false }`.",
    remedy: "See the run's error message; it comes from the pipeline.",
  },
  RUN_ABORTED: {
    meaning:
      "The run was told to stop before it finished, because of a shutdown or the loss of its lock.",
    remedy: "Nothing to do: another worker resumes it, unless it was cancelled.",
  },
  RUN_TIMED_OUT: {
    meaning: "An attempt took longer than the job's `timeout`.",
    remedy: "Find out what it was waiting for, split the work into steps, or raise `timeout`.",
  },
  RUN_CANCELLED: {
    meaning: "The run was cancelled; the message is the reason given.",
    remedy: "Nothing to fix. `runJob` starts the job again.",
  },
  INVALID_STEP: {
    meaning:
      "A step has an invalid name, a name that the run has already used, or a result that is not JSON; or the run has too many steps.",
    remedy: "Correct what the message names; in a loop, make each name different.",
  },
  STEP_TIMED_OUT: {
    meaning: "A step took longer than its `timeout` in every try.",
    remedy: "Find out what it was waiting for, or raise the step's `timeout`.",
  },
  MISSING_MODULE: {
    meaning:
      'The pipeline of a job with `isolate: "process"` does not say which module it is in, or is not exported there.',
    remedy:
      "Write `static readonly module = import.meta.url` in the class, and export the class, or use `defineJob({ module, export })`.",
  },
  PROCESS_ENDED: {
    meaning: 'The child process of a job with `isolate: "process"` ended before its run did.',
    remedy: "Find out what ended it (memory, a native crash, `process.exit`) in the run's log.",
  },
  ...TASK_ERROR_CODES,
  NOT_IN_BUNDLE: {
    meaning: "The program is bundled, and a file that can't be bundled is missing beside it.",
    remedy: "Install what the message names next to the bundle; see `docs/bundling.md`.",
  },
  WAIT_TIMED_OUT: {
    meaning: "The run had no verdict by the end of the wait.",
    remedy: "The run continues; check it with `getRun(runId)`, or wait longer.",
  },
  INVALID_STATE_FILE: {
    meaning:
      "The input of `importState` is not an exported state, is truncated, or was written by a newer version; nothing was stored.",
    remedy:
      "See the line at `data.line` and the field at `data.path`; export the state again rather than repairing it.",
  },
  MASKED_STATE: {
    meaning:
      "A fixture whose values are masked was given to `importState`; nothing was stored, since jobs would run with wrong params.",
    remedy:
      "Export without `mask` to move a fleet; pass `allowMasked: true` if this is for a test.",
  },
  UNMASKABLE_STATE: {
    meaning:
      "A job can't be masked: its masked params don't match the pipeline's schema, or its id contains a masked value.",
    remedy:
      'Give `maskParams`, which returns valid params or keeps what may be seen; for ids, add `"ids"` to `mask`.',
  },
  RUNS_UNFINISHED: {
    meaning: "Some runs did not finish in the time allowed.",
    remedy:
      "Wait for the runs in `data.runIds`, or allow more time with `drain`; the fleet continues as before.",
  },
  RUN_STUCK: {
    meaning:
      "In a test, a run did real work for longer than `patience`, and nothing on the virtual clock would end it.",
    remedy:
      "Give its job a `timeout`, let it wait by `sleep`, pass `fakeTimers: true` if it uses timers of its own, or raise `patience`.",
  },
  UNACCOUNTED: {
    meaning: "In a test, an occurrence has no verdict, or more than one.",
    remedy:
      "The message and `data.unaccounted` list the times. If the fleet is paused or has no worker, resume it first.",
  },
  UNREADABLE_RECORD: {
    meaning:
      "A stored record can't be read; it is missing from the result, and everything else works.",
    remedy: "See `data.what` and the cause: the store is damaged, or something else writes to it.",
  },
  INTERNAL: {
    meaning: "A state that should be impossible.",
    remedy: "Please report it with the message and the stack.",
  },
} as const satisfies Record<string, { meaning: string; remedy: string }>;

/** The stable name of a kind of error; a key of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;
