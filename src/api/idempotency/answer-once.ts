import { createHash, scrypt } from "node:crypto";
import { CronduitError } from "../../core/errors.ts";
import type { EpochMs } from "../../core/clock.ts";
import type { StoredDocument } from "../../engine/port/documents.ts";
import { MAX_DOCUMENT_BYTES } from "../../jobs/document-limits.ts";
import { Turns } from "../accounts/turns.ts";
import type { Caller } from "../caller.ts";
import type { OpenDocuments } from "../open-documents.ts";
import { isForCaller, problemResponse, statusOf } from "../problem.ts";
import { type KeptAnswer, recordSchema } from "./idempotency-record.ts";

/** How long an answer is kept. */
const KEPT_MS = 86_400_000;
/** How long a call may take, after which its process is taken for dead and the call may be made again. */
const LEASE_MS = 10 * 60_000;
/** Headers that belong to an answer. */
const HEADERS = ["content-type", "etag", "location"] as const;
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Where answers are kept, and by which clock. */
export interface AnswerStore {
  readonly open: OpenDocuments;
  readonly now: () => Promise<EpochMs>;
}

/** A call that may be repeated. */
export interface RepeatableCall {
  readonly key: string;
  readonly caller: Caller;
  /** The route with its path and query. */
  readonly target: string;
  /** The body, as it was read. */
  readonly body: unknown;
  /** Whether the answer must not be kept, since it holds a secret. */
  readonly isSecret: boolean;
  /** Whether the body may hold a password, which must not be guessed by what is kept. */
  readonly bodyIsSecret: boolean;
}

/**
 * The key of a request, if it has one.
 * @throws {@link CronduitError} `INVALID_REQUEST`
 */
export function idempotencyKeyOf({ headers }: Request): string | undefined {
  const key = headers.get("idempotency-key") ?? undefined;
  if (key === undefined || KEY.test(key)) return key;
  throw new CronduitError(
    "INVALID_REQUEST",
    "Idempotency-Key must have 1 to 255 visible ASCII characters, such as a UUID.",
  );
}

/**
 * Makes a call once for its key, whoever repeats it: the same caller gets the same answer for 24 hours. What failed on this side is
 * forgotten, so that it can be tried again.
 * @throws {@link CronduitError} `IDEMPOTENCY_KEY_REUSED`, `IDEMPOTENCY_KEY_IN_USE`, and what the call throws;
 * `TOO_MANY_ATTEMPTS` while too many bodies with a password are waiting
 */
export async function answerOnce(
  { open, now }: AnswerStore,
  call: RepeatableCall,
  answer: () => Promise<Response>,
): Promise<Response> {
  const place = placeOf(call);
  const digest = await digestOf(call, place);
  const documents = await open();
  const keptFor = async (ms: number) => ({ expiresAt: (await now()) + ms, stays: true });
  const begun = await documents.putIfRevision(place, { digest }, "absent", await keptFor(LEASE_MS));
  if (begun.outcome === "conflict") return repeated(begun.present, digest);
  const { revision } = begun;
  const keep = async (response: Response, isSecret: boolean): Promise<void> => {
    const kept = await keptOf(response, isSecret);
    await documents.putIfRevision(place, { digest, kept }, revision, await keptFor(KEPT_MS));
  };
  let response: Response;
  try {
    response = await answer();
  } catch (error) {
    if (isFinal(error)) await keep(problemResponse(error), false);
    else await documents.delete(place, revision).catch(() => undefined);
    throw error;
  }
  // It is done, even if that can't be noted now: the key stays in use, so that nobody does it again.
  await keep(response, call.isSecret).catch(() => undefined);
  return response;
}

/** Whether whoever repeats the request gets the same error. */
function isFinal(error: unknown): boolean {
  if (!isForCaller(error)) return false;
  const status = statusOf(error.code);
  return status < 500 && status !== 429;
}

/** The key itself is not kept, only what it says together with whose it is. */
function placeOf({ caller: { actor }, target, key }: RepeatableCall): string {
  return `api/idempotency/${hash([actor.kind, actor.id, target.split("?")[0], key])}`;
}

/**
 * With the rights, which may have changed since. Keys may be short, so that of a password takes long to guess, as its own hash does.
 */
async function digestOf(
  { caller: { actor }, target, key, body, bodyIsSecret }: RepeatableCall,
  place: string,
): Promise<string> {
  const limited = "role" in actor ? actor : undefined;
  const owners = limited?.owners?.toSorted();
  const digest = hash([key, target, body, limited?.role, owners, limited?.visibility]);
  return bodyIsSecret ? (await slowHash(digest, place)).toString("base64url") : digest;
}

/** N = 2^17 is what OWASP's cheat sheet for passwords asks for: 128 MiB. */
const COST = { N: 131_072, r: 8, p: 1, maxmem: 268_435_456 } as const;
/** One at once in a process, so that they can't take all its memory and threads. */
const turns = new Turns({ atOnce: 1, maxWaiting: 100 });

function slowHash(text: string, salt: string): Promise<Buffer> {
  const hashed = (): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      scrypt(text, salt, 32, COST, (error, bytes) => (error ? reject(error) : resolve(bytes)));
    });
  return turns.take(hashed);
}

function hash(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}

async function keptOf(response: Response, isSecret: boolean): Promise<KeptAnswer> {
  const body = await response.clone().text();
  const headers = Object.fromEntries(
    HEADERS.flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const { status } = response;
  const kept = { status, headers, body };
  // Some room for the digest.
  const isTooLarge = Buffer.byteLength(JSON.stringify(kept)) > MAX_DOCUMENT_BYTES - 200;
  return isSecret || isTooLarge ? { status, headers: isSecret ? {} : headers } : kept;
}

function repeated(present: StoredDocument | undefined, digest: string): Response {
  const record = recordSchema.safeParse(present?.value);
  if (!record.success || (record.data.digest === digest && !record.data.kept))
    throw new CronduitError(
      "IDEMPOTENCY_KEY_IN_USE",
      "The first request with this Idempotency-Key has no answer yet.",
    );
  const { kept } = record.data;
  if (record.data.digest !== digest || !kept)
    throw new CronduitError(
      "IDEMPOTENCY_KEY_REUSED",
      "This Idempotency-Key was used with another body, another path, or by a caller with other rights.",
    );
  if (kept.body === undefined)
    throw new CronduitError(
      "IDEMPOTENCY_KEY_REUSED",
      `The first request with this Idempotency-Key was answered with status ${kept.status}, and its answer is not kept: it is too large, or secret.`,
      {
        data: {
          status: kept.status,
          ...(kept.headers["location"] && { location: kept.headers["location"] }),
        },
      },
    );
  const headers = new Headers(kept.headers);
  headers.set("idempotency-replayed", "true");
  return new Response(kept.status === 204 ? null : kept.body, { status: kept.status, headers });
}
