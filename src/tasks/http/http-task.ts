import type { IncomingMessage } from "node:http";
import { rootCertificates } from "node:tls";
import { counted } from "../../core/counted.ts";
import { eachLine } from "../../execution/output-lines.ts";
import { Pipeline } from "../../pipeline/pipeline.ts";
import type { ParamsSchema } from "../../pipeline/params-schema.ts";
import type { RunContext } from "../../pipeline/run-context.ts";
import type { SecretValues } from "../../pipeline/secrets/secret-values.ts";
import { OutputLog } from "../output-log.ts";
import { TaskError } from "../task-error.ts";
import type { ResolvedSettings } from "../task-settings.ts";
import { TimeLimit } from "../time-limit.ts";
import { AddressRules } from "./address-rules.ts";
import { type Connecting, exchange, failed, resolveBySystem, type Sent } from "./exchange.ts";
import { httpParamsSchema, isOneOf, type ReadHttpParams } from "./http-params.ts";
import { following } from "./redirects.ts";
import { requestOf } from "./request-of.ts";

export type { HttpParams } from "./http-params.ts";

/** No more of an answer is read. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const TEXT =
  /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml)\b|application\/(?:javascript|x-ndjson|x-www-form-urlencoded|yaml)\b)/i;

/** What a request leaves in the ledger. */
export interface HttpResult {
  readonly success: boolean;
  /** The status of the last answer. */
  readonly status: number;
  /** How many redirects were followed. */
  readonly redirects: number;
  /** How long the body is that was read. */
  readonly bodyBytes: number;
}

type Outcome = HttpResult & { readonly error?: TaskError };

/** The pipeline `http`. */
export function httpTask(settings: ResolvedSettings, resolve = resolveBySystem) {
  const rules = new AddressRules(settings.http.allow);
  const { ca } = settings.http;
  const trusted = ca === undefined ? undefined : [...rootCertificates, ca];

  return class HttpTask extends Pipeline.with(httpParamsSchema) {
    static override readonly pipelineName = "http";

    async run(context: this["Context"]): Promise<Outcome> {
      const { params } = context;
      const { request, mask } = await requestOf(params, context, settings);
      using limit = new TimeLimit(context.signal, params.timeout, "The request");
      const connecting = { rules, resolve, ca: trusted, signal: limit.signal };
      try {
        return await perform(request, connecting, { context, params, mask });
      } catch (error) {
        context.signal.throwIfAborted();
        throw limit.reason ?? error;
      }
    }
  };
}

interface Asked {
  readonly context: RunContext<ParamsSchema>;
  readonly params: ReadHttpParams;
  readonly mask: SecretValues;
}

async function perform(first: Sent, connecting: Connecting, asked: Asked): Promise<Outcome> {
  const { maxRedirects } = asked.params;
  let request = first;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await exchange(request, connecting);
    const next = maxRedirects === 0 ? undefined : following(request, answer);
    if (next === undefined) return concluded(request, answer, { ...asked, redirects });
    answer.destroy();
    if (redirects === maxRedirects)
      throw new TaskError(
        "REQUEST_FAILED",
        `${request.url.host} redirected the request again after ${counted(maxRedirects, "redirect")}.`,
        { data: { host: request.url.host } },
      );
    asked.context.log.debug(`redirected to ${next.url.host}`, { status: answer.statusCode ?? 0 });
    request = next;
  }
}

async function concluded(
  { url }: Sent,
  answer: IncomingMessage,
  { context, params, mask, redirects }: Asked & { readonly redirects: number },
): Promise<Outcome> {
  const status = answer.statusCode ?? 0;
  const output = new OutputLog(context.log, params.maxOutputBytes, mask);
  const bodyBytes = await read(answer, output).catch((error: unknown) => {
    throw failed(url, error);
  });
  output.end();
  const success = isOneOf(status, params.expectStatus);
  const result = { success, status, redirects, bodyBytes };
  if (success) return result;
  const message = `${url.host} answered with status ${status}, and ${params.expectStatus.join(", ")} was expected.`;
  const retryable = params.retryStatus === undefined || isOneOf(status, params.retryStatus);
  const error = new TaskError("UNEXPECTED_STATUS", message, { data: { status }, retryable });
  return { ...result, error };
}

/** Reads a body into the log, if it is text. */
async function read(answer: IncomingMessage, output: OutputLog): Promise<number> {
  const type = answer.headers["content-type"] ?? "text/plain";
  const isText = TEXT.test(type) && answer.headers["content-encoding"] === undefined;
  let bytes = 0;
  let flush = (): void => undefined;
  await new Promise<void>((resolve, reject) => {
    answer.on("error", reject);
    answer.on("close", () => {
      if (answer.complete || bytes >= MAX_ANSWER_BYTES) resolve();
      else reject(new Error("the connection was closed before the end of the answer"));
    });
    answer.on("data", (part: Buffer | string) => {
      bytes += Buffer.byteLength(part);
      if (bytes >= MAX_ANSWER_BYTES) answer.destroy();
    });
    if (isText) flush = eachLine(answer, (line) => output.take(line));
  });
  flush();
  if (!isText && bytes > 0) output.take(`(${bytes} bytes of ${type.slice(0, 100)})`);
  return bytes;
}
