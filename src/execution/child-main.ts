// The program of a child process: receives one run from its worker, executes it, reports the outcome, and exits.
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
 * Kills this process and its group when the worker is gone. It runs in its own thread, so that nothing the pipeline
 * does to the main thread prevents it, and it is a string, so that it needs no TypeScript loader.
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
  // Exceptions from timers and unhandled rejections count, too: there is no other run they could belong to.
  const fail = async (error: unknown): Promise<void> => {
    // Ignore a sleep nobody awaits, and failures that follow from the first one.
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
// Keeps waiting for its run, even if a preloaded program has detached the message channel.
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
