/** Those of the codes that tell how a task failed. */
export const TASK_ERROR_CODES = {
  TASK_FAILED: {
    meaning:
      "A task's program ended with an exit code that does not mean success, or was ended by a signal.",
    remedy:
      "See its output in the run's log; `successCodes` says which codes mean success, `retryCodes` after which it is tried again.",
  },
  TASK_TIMED_OUT: {
    meaning: "A task took longer than its own `timeout`.",
    remedy: "Find out in the run's log what it was waiting for, or raise `timeout`.",
  },
  PROGRAM_NOT_FOUND: {
    meaning: "A task's program is not there: at its path, or in any folder of `PATH`.",
    remedy: "Install it where the worker runs, write its whole path, or give the task a `PATH`.",
  },
  PROGRAM_NOT_EXECUTABLE: {
    meaning: "What a task names as its program may not be executed by the worker's user.",
    remedy: "Make it executable (`chmod +x`), or name the program that reads it.",
  },
  PROGRAM_NOT_STARTED: {
    meaning: "The system did not start a task's program.",
    remedy:
      "The message has the system's reason: too many processes, too little memory, too long arguments.",
  },
  WORKING_DIRECTORY_MISSING: {
    meaning: "A task's working directory is not there, or is no folder that the worker may enter.",
    remedy: "Make the folder where the worker runs, or correct `cwd`.",
  },
  USER_UNAVAILABLE: {
    meaning: "A task's program is to run as a user whom this worker can't change to.",
    remedy:
      "Run the worker as root or as that user, correct `user`, or leave it out; on a worker of root, install util-linux.",
  },
  SECRET_UNAVAILABLE: {
    meaning: "A secret that a task refers to can't be read, or its use is not allowed.",
    remedy:
      "Set the variable or file where the worker runs, and name it in `secrets` of `createTasks`.",
  },
  ADDRESS_NOT_ALLOWED: {
    meaning:
      "An HTTP task would call an address within the network: loopback, private, link-local, metadata.",
    remedy: "Name the host or network in `http.allow` of `createTasks`, if tasks may call it.",
  },
  UNEXPECTED_STATUS: {
    meaning: "An HTTP task was answered with a status that does not mean success.",
    remedy:
      "See the answer in the run's log; `expectStatus` says which mean success, `retryStatus` after which it is tried again.",
  },
  REQUEST_FAILED: {
    meaning:
      "An HTTP task got no answer, or was redirected too often or to where it may not follow.",
    remedy: "Check the URL and the server that the message names.",
  },
} as const satisfies Record<string, { meaning: string; remedy: string }>;
