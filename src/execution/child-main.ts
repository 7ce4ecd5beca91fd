// The program of a child process: it is told of one run by its worker, executes it, tells how it ended, and ends itself.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { CronduitError, ERROR_CODES, type ErrorCode } from "../core/errors.ts";
import { describeError } from "../pipeline/outcome.ts";
import { SecretValues } from "../pipeline/secrets/secret-values.ts";
import { type AttemptWork, failed, performAttempt } from "./attempt.ts";
import type { AttemptEnd } from "./attempt-host.ts";
import { ChildHost } from "./child-host.ts";
import { LIFE_LINE_FD, type ToChild } from "./child-protocol.ts";
import { findWork } from "./find-work.ts";
import { markRunProcess } from "./run-process.ts";
import { isFinal } from "./retry-on.ts";
import { SleepSignal } from "./sleep-signal.ts";

/**
 * Kills this process and its group when the worker is gone. In a thread of its own, so that nothing the pipeline does to
 * the main thread keeps it from that; as text, so that it needs no loader for TypeScript.
 */
const LIFE_LINE = `
  const { Socket } = require("node:net");
  const end = () => {
    try { process.kill(-${process.pid}, "SIGKILL"); }
    finally { process.kill(${process.pid}, "SIGKILL"); }
  };
  new Socket({ fd: ${LIFE_LINE_FD}, readable: true }).on("error", end).on("close", end).resume();
`;

async function holdLifeLine(): Promise<void> {
  const thread = new Worker(LIFE_LINE, { eval: true, execArgv: [], env: {} });
  thread.unref();
  await once(thread, "online");
}

async function perform(start: ToChild & { cronduit: "start" }, host: ChildHost): Promise<void> {
  const { info } = start;
  let work: AttemptWork | undefined;
  let hasFailed = false;
  // Also what a timer throws and what a promise is rejected with that nobody handles: it has no other run to belong to.
  const fail = async (error: unknown): Promise<void> => {
    // A wait that nobody waits for; and what follows from the first failure says nothing more.
    if (error instanceof SleepSignal || hasFailed) return;
    hasFailed = true;
    const end: AttemptEnd = work
      ? await failed(info, work.descriptor, host, error)
      : {
          kind: "failed",
          error: describeError(error, host.secrets),
          mayRetry: info.hasRetry && !isFinal(error),
        };
    host.tell({ cronduit: "end", end }, () => process.exit(1));
  };
  process.on("uncaughtException", (error) => void fail(error));
  try {
    await holdLifeLine();
    work = await findWork(start);
    const end = await performAttempt(info, work, host);
    if (!hasFailed) host.tell({ cronduit: "end", end }, () => process.exit(0));
  } catch (error) {
    await fail(error);
  }
}

function abortedWith({ code, message }: ToChild & { cronduit: "abort" }): CronduitError {
  return new CronduitError(code in ERROR_CODES ? (code as ErrorCode) : "RUN_ABORTED", message);
}

function secretsOf({ secrets, info }: ToChild & { cronduit: "start" }): SecretValues | undefined {
  return secrets && new SecretValues(secrets, info.params);
}

let host: ChildHost | undefined;

markRunProcess();
// It waits for its run, also where a program that is preloaded does not want to wait for messages.
process.channel?.ref();
process.on("message", (message: ToChild) => {
  switch (message.cronduit) {
    case "start":
      host = new ChildHost(message.serverAheadMs, secretsOf(message));
      void perform(message, host);
      break;
    case "abort":
      host?.abort(abortedWith(message));
      break;
    case "answer":
    case "refusal":
      host?.hear(message);
  }
});
