import { type Client, createClient } from "../../api/client/create-client.ts";
import { overSocket } from "../../api/client/over-socket.ts";
import { CliError } from "../cli-error.ts";
import { systemReason } from "../system-reason.ts";

type Fetch = (request: Request) => Promise<Response>;

/** A client of the API at a URL. */
export function makeRemote(url: string, token: string | undefined): Client {
  const { host } = new URL(url);
  const ask: Fetch = (request) => fetch(request, { redirect: "error" });
  return createClient({ url, token, fetch: toldBy(ask, `${host} does not answer`) });
}

/** A client of the API at a Unix socket. */
export function makeLocal(path: string, basePath: string): Client {
  const ask = overSocket(path);
  return createClient({
    url: `http://localhost${basePath}`,
    fetch: toldBy(ask, `The daemon at ${path} does not answer`),
  });
}

/** Says in a sentence what the network says in a code. */
function toldBy(ask: Fetch, what: string): Fetch {
  return async (request) => {
    try {
      return await ask(request);
    } catch (error) {
      if (request.signal.aborted) throw error;
      throw new CliError("UNREACHABLE", `${what} (${systemReason(error)}).`, "Is it running?", {
        cause: error,
      });
    }
  };
}
