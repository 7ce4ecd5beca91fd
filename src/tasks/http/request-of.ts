import { validateHeaderValue } from "node:http";
import type { ParamsSchema } from "../../pipeline/params-schema.ts";
import type { RunContext } from "../../pipeline/run-context.ts";
import type { SecretValues } from "../../pipeline/secrets/secret-values.ts";
import { maskOf, readSecret } from "../secret-references.ts";
import { TaskError } from "../task-error.ts";
import type { ResolvedSettings } from "../task-settings.ts";
import type { Sent } from "./exchange.ts";
import { problemWithUrl, type ReadHttpParams, splitSecretHeader } from "./http-params.ts";

/**
 * The request of a run's params, with its secrets.
 * @throws {@link TaskError} `SECRET_UNAVAILABLE`
 */
export async function requestOf(
  params: ReadHttpParams,
  context: RunContext<ParamsSchema>,
  settings: ResolvedSettings,
): Promise<{ readonly request: Sent; readonly mask: SecretValues }> {
  const secrets = new HttpSecrets(settings);
  const url = await secrets.inUrl(params.url);
  const secretHeaders: Record<string, string> = {};
  for (const [name, value] of Object.entries(params.secretHeaders))
    secretHeaders[name] = await secrets.inHeader(value, url);
  const body = params.json === undefined ? params.body : JSON.stringify(params.json);
  const request = {
    url,
    method: params.method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      "user-agent": "cronduit",
      accept: "*/*",
      // The log has text, which nobody has to unpack.
      "accept-encoding": "identity",
      ...(params.json === undefined ? {} : { "content-type": "application/json" }),
      ...(params.runHeaders ? runHeaders(context) : {}),
      ...lowerCased(params.headers),
    },
    secretHeaders: lowerCased(secretHeaders),
    body,
  };
  return { request, mask: maskOf(secrets.values) };
}

/** Reads secrets, and holds them to where they may go. */
class HttpSecrets {
  readonly values: string[] = [];
  readonly #settings: ResolvedSettings;

  constructor(settings: ResolvedSettings) {
    this.#settings = settings;
  }

  async inUrl(given: string): Promise<URL> {
    if (!/^(?:env|file):/.test(given)) return new URL(given);
    const text = await this.#read(given);
    const problem = /^https?:/i.test(text) ? problemWithUrl(text) : "is no URL";
    if (problem !== undefined)
      throw new TaskError("SECRET_UNAVAILABLE", `The secret "${given}" ${problem}.`, {
        data: { reference: given },
      });
    const url = new URL(text);
    this.#check(given, url);
    return url;
  }

  async inHeader(given: string, url: URL): Promise<string> {
    const { before, reference } = splitSecretHeader(given);
    const value = await this.#read(reference);
    this.#check(reference, url);
    try {
      validateHeaderValue("x", value);
    } catch {
      throw new TaskError(
        "SECRET_UNAVAILABLE",
        `The secret "${reference}" holds a line break, or another character that no header may have.`,
        { data: { reference } },
      );
    }
    return before + value;
  }

  async #read(reference: string): Promise<string> {
    const { environment, http } = this.#settings;
    const grants = Object.keys(http.secrets);
    const value = await readSecret(reference, { environment, grants });
    this.values.push(value);
    return value;
  }

  #check(reference: string, { origin }: URL): void {
    if (this.#settings.http.secrets[reference]?.includes(origin)) return;
    throw new TaskError(
      "SECRET_UNAVAILABLE",
      `The secret "${reference}" may not be sent to ${origin}: http.secrets of the tasks' settings does not name this origin for it.`,
      { data: { reference, origin }, retryable: false },
    );
  }
}

function runHeaders({ jobId, runId, fireTime }: RunContext<ParamsSchema>): Record<string, string> {
  return {
    "x-cronduit-job-id": encodeURIComponent(jobId),
    "x-cronduit-run-id": encodeURIComponent(runId),
    "x-cronduit-fire-time": fireTime.toISOString(),
  };
}

/** Names of headers mean the same in upper and lower case, but not to an object. */
function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
