import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Api } from "../create-api.ts";

/**
 * Makes a listener for `node:http`, which Express takes, too. It tells the API the address of the other end. Mount it before anything
 * that reads bodies.
 * @example createServer(toNodeListener(api)).listen(3000, "127.0.0.1");
 */
export function toNodeListener(
  api: Pick<Api, "fetch">,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const listen = getRequestListener(
    (request, env) => {
      const { socket } = (env as { readonly incoming: IncomingMessage }).incoming;
      return api.fetch(request, { address: socket.remoteAddress });
    },
    { overrideGlobalObjects: false },
  );
  return async (request, response) => {
    // Express cuts the path that a listener is mounted at from `url`, and keeps the whole beside it.
    const { originalUrl } = request as { readonly originalUrl?: unknown };
    if (typeof originalUrl === "string") request.url = originalUrl;
    await listen(request, response);
  };
}
