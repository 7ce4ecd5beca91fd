import { CronduitError } from "../core/errors.ts";
import { tooDeepAt } from "../core/json-depth.ts";
import { readUpTo } from "./edge/read-up-to.ts";

/** How a body is read. */
interface BodyRules {
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Whether there may be none. */
  readonly isOptional: boolean;
}

/**
 * Reads a request's body as JSON, no further than allowed.
 * @returns `undefined` if it is empty, and may be. Servers give a request that says nothing of a body an empty one.
 * @throws {@link CronduitError} `PAYLOAD_TOO_LARGE`; `INVALID_REQUEST` if it is not JSON, or is nested too deeply
 */
export async function readJson(
  request: Request,
  { maxBytes, maxDepth, isOptional }: BodyRules,
): Promise<unknown> {
  if (isOptional && request.body === null) return undefined;
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const isJson = type === "application/json";
  if (!isJson && !(isOptional && type === undefined)) throw notJson(type);
  // What is packed may unpack to any size.
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity")
    throw new CronduitError(
      "INVALID_REQUEST",
      `The body is packed with ${JSON.stringify(encoding.slice(0, 60))}; send it as it is, without Content-Encoding.`,
    );
  const text = await readText(request, maxBytes);
  if (isOptional && text === "") return undefined;
  if (!isJson) throw notJson(type);
  if (tooDeepAt(text, maxDepth) !== undefined)
    throw new CronduitError(
      "INVALID_REQUEST",
      `The body is nested more than ${maxDepth} levels deep.`,
    );
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new CronduitError(
      "INVALID_REQUEST",
      `The body is not JSON: ${withoutSource((error as Error).message)}.`,
    );
  }
}

/** V8 quotes the text around the fault, which may be a password. */
function withoutSource(message: string): string {
  return message.replace(/, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/su, "");
}

function notJson(type: string | undefined): CronduitError {
  return new CronduitError(
    "INVALID_REQUEST",
    `The body must be JSON, with the header "Content-Type: application/json"; the header is ${type ? `"${type.slice(0, 100)}"` : "missing"}.`,
  );
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  const isLarge = Number(request.headers.get("content-length") ?? 0) > maxBytes;
  // Whoever goes away, or is ended for being slow, is no fault of this side.
  const brokenOff = (): never => {
    throw new CronduitError("INVALID_REQUEST", "The body broke off before its end.");
  };
  const bytes = isLarge ? undefined : await readUpTo(maxBytes, request.body).catch(brokenOff);
  if (!bytes)
    throw new CronduitError("PAYLOAD_TOO_LARGE", `The body is larger than ${maxBytes} bytes.`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new CronduitError("INVALID_REQUEST", "The body is not UTF-8.");
  }
}
