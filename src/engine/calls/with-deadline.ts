import { type Clock, keepAlive, within } from "../../core/clock.ts";
import { CronduitError, isCronduitError } from "../../core/errors.ts";
import { wordsOf } from "./call-words.ts";

/** The calls that wait for an answer, which are given up together once there will be none. */
export class OpenCalls {
  readonly #giveUps = new Set<() => void>();
  #isClosed = false;

  /** From now on no call is allowed. */
  close(): void {
    this.#isClosed = true;
  }

  /** Gives up the calls that still wait. */
  giveUp(): void {
    this.#isClosed = true;
    for (const giveUp of this.#giveUps) giveUp();
  }

  /** @throws {@link CronduitError} `INVALID_STATE` after {@link close} */
  begin(server: string): void {
    if (this.#isClosed) throw new CronduitError("INVALID_STATE", `${server} was closed.`);
  }

  /** Resolves to `work`, or to `undefined` when it is given up. */
  track<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => resolve(undefined);
      const forget = (): void => void this.#giveUps.delete(giveUp);
      this.#giveUps.add(giveUp);
      work.finally(forget).then(resolve, reject);
    });
  }
}

/** What a call to a server is called, and how long it may take. */
export interface ServerCall {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Names the call in the error. */
  readonly what: string;
  readonly server: string;
  /** The connection's last error, for a call that itself only sees that there is no answer. */
  readonly lastError?: (() => unknown) | undefined;
  /** The open calls that it belongs to. */
  readonly calls?: OpenCalls | undefined;
}

type End<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly cause: unknown };

/**
 * The server's answer, or an error within a bounded time instead of waiting for a server that does not come back.
 * @throws {@link CronduitError} `CONNECTION_FAILED`; `SERVER_REFUSED` if it answers and will not; `INVALID_STATE` if the
 * connection was closed; else `INTERNAL`.
 */
export function withDeadline<T>(call: ServerCall, work: () => Promise<T>): Promise<T> {
  return keepAlive(ask(call, work));
}

async function ask<T>(call: ServerCall, work: () => Promise<T>): Promise<T> {
  const { clock, timeoutMs, what, server, calls } = call;
  calls?.begin(server);
  const from = clock.elapsed();
  const answer = work().then<End<T>, End<T>>(
    (value) => ({ ok: true, value }),
    (cause: unknown) => ({ ok: false, cause }),
  );
  const end = await within(clock, timeoutMs, calls?.track(answer) ?? answer);
  if (end?.ok) return end.value;
  // The connection's error says more than that of the call that failed because of it.
  const cause = call.lastError?.() ?? end?.cause;
  if (end?.cause instanceof CronduitError) throw end.cause;
  const refusal = [end?.cause, cause].find(isRefusal);
  if (refusal) {
    throw new CronduitError(
      "SERVER_REFUSED",
      `${wordsOf(what)}: ${server} refused: ${refusal.message}`,
      {
        cause: refusal,
        data: { call: what },
      },
    );
  }
  if (end && !isConnectionTrouble(end.cause)) {
    throw new CronduitError("INTERNAL", `${wordsOf(what)} failed on ${server}`, {
      cause: end.cause,
      data: { call: what },
    });
  }
  const why = cause instanceof Error ? ` (${cause.message})` : "";
  const tookMs = Math.round(clock.elapsed() - from);
  throw new CronduitError(
    "CONNECTION_FAILED",
    `${wordsOf(what)}: no answer from ${server} in ${tookMs} ms${why}. Check the server and the connection option.`,
    { cause, data: { call: what, timeoutMs } },
  );
}

/** How a call fails that found no working server, in the words of Node, the drivers and the servers; a test provokes them. */
const NO_ANSWER =
  /closed|ECONN|ENOTFOUND|EAI_AGAIN|EHOST|ENET|EPIPE|timed? ?out|LOADING|terminat|not queryable|unreachable|slots cache|startup nodes|certificate|SSL/i;
/** Redis' words for a server that can't answer now: busy with a script, part of a cluster away, demoted. */
const REDIS_AWAY = /^(?:BUSY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|READONLY)\b/;
/**
 * PostgreSQL's codes for a server that is stopping, starting, recovering, a standby or out of connections, and for a call held up
 * too long by locks on its tables or rows.
 */
const POSTGRES_AWAY = /^(?:08...|57P0.|53300|25006|40001|40P01|57014|55P03)$/;

/** PostgreSQL's codes for a server that is there, but was held up in this one call. */
const POSTGRES_HELD_UP = /^(?:40001|40P01|57014|55P03)$/;

/** Whether something failed because the server was unreachable, rather than because of the request. */
export function isServerAway(error: unknown): boolean {
  if (isCronduitError(error)) return error.code === "CONNECTION_FAILED" && !isHeldUp(error.cause);
  return isConnectionTrouble(error) && !isHeldUp(error);
}

function isHeldUp(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" && POSTGRES_HELD_UP.test(code);
}

/** Why the server was unreachable, in a few words. */
export function causeOfAbsence(error: unknown): string {
  if (!(error instanceof Error)) return "no answer";
  if (isCronduitError(error)) return causeOfAbsence(error.cause);
  // A Cluster says that no node answered; the error of its last node says why.
  const ofNode: unknown = Reflect.get(error, "lastNodeError");
  if (ofNode instanceof Error) return causeOfAbsence(ofNode);
  const errors: unknown = Reflect.get(error, "errors");
  // A name with several addresses fails with one error for each, and none of its own.
  if (error.message === "" && Array.isArray(errors)) return causeOfAbsence(errors[0]);
  return (error.message.split("\n", 1)[0] ?? "").replace(/\.$/, "").slice(0, 200) || "no answer";
}

function isConnectionTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code: unknown = Reflect.get(error, "code");
  // Whatever the socket reports, e.g. that there is no such file.
  const isOfSocket = Reflect.get(error, "syscall") === "connect";
  return (
    isOfSocket ||
    (typeof code === "string" && POSTGRES_AWAY.test(code)) ||
    NO_ANSWER.test(error.message) ||
    REDIS_AWAY.test(error.message)
  );
}

/** Redis' words for missing rights, memory, disk space and replicas. */
const REDIS_REFUSAL = /^(?:NOPERM|NOAUTH|WRONGPASS|OOM|MISCONF|NOREPLICAS)/;
/** PostgreSQL's codes for missing rights, login, database and room: Appendix A of its manual. */
const POSTGRES_REFUSAL = /^(?:42501|28...|3D000|53[12]00)$/;

/** Whether the server understood, and refuses until its owner changes something. */
function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const code: unknown = Reflect.get(error, "code");
  return (
    REDIS_REFUSAL.test(error.message) || (typeof code === "string" && POSTGRES_REFUSAL.test(code))
  );
}
