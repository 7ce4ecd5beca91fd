import { request as ask } from "node:http";
import { Readable } from "node:stream";

/** Headers that say how one connection carries a body. */
const OF_THE_CONNECTION = new Set(["connection", "keep-alive", "transfer-encoding"]);

/**
 * Carries requests over a Unix socket, as the `fetch` of a client: what `fetch` of Node.js can't.
 * @param path The socket.
 * @throws The error of Node.js if nobody listens there, such as `ECONNREFUSED`.
 */
export function overSocket(path: string): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const body = request.body ? Buffer.from(await request.arrayBuffer()) : undefined;
    return new Promise((resolve, reject) => {
      const headers = { ...Object.fromEntries(request.headers), host: "localhost" };
      const sent = ask(
        {
          socketPath: path,
          path: pathname + search,
          method: request.method,
          headers,
          signal: request.signal,
        },
        (answer) => {
          const status = answer.statusCode ?? 502;
          const isEmpty = status === 204 || status === 304;
          if (isEmpty) answer.resume();
          resolve(
            new Response(isEmpty ? null : (Readable.toWeb(answer) as ReadableStream), {
              status,
              headers: headersOf(answer.headersDistinct),
            }),
          );
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  };
}

function headersOf(given: NodeJS.Dict<string[]>): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(given))
    if (!OF_THE_CONNECTION.has(name)) for (const value of values) headers.append(name, value);
  return headers;
}
