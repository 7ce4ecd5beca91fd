import { type Client, createClient } from "../../api/client/create-client.ts";
import { overSocket } from "../../api/client/over-socket.ts";
import { type Clock, within } from "../../core/clock.ts";
import { CliError } from "../cli-error.ts";
import { systemReason } from "../system-reason.ts";

/** A daemon that hangs must not make everybody wait for good. Long, since a change of many jobs takes a while. */
const LONGEST_MS = 60_000;

type Fetch = (request: Request) => Promise<Response>;

/** A client of the API at a URL. */
export function makeRemote(url: string, token: string | undefined, clock: Clock): Client {
  const { host } = new URL(url);
  const ask: Fetch = (request) => fetch(request, { redirect: "error" });
  return createClient({ url, token, fetch: toldBy(ask, `${host} does not answer`, clock) });
}

/** A client of the API at a Unix socket. */
export function makeLocal(path: string, basePath: string, clock: Clock): Client {
  const ask = overSocket(path);
  return createClient({
    url: `http://localhost${basePath}`,
    fetch: toldBy(ask, `The daemon at ${path} does not answer`, clock),
  });
}

/** Says in a sentence what the network says in a code, and waits no longer than this for an answer to begin. */
function toldBy(ask: Fetch, what: string, clock: Clock): Fetch {
  return async (request) => {
    try {
      const answer = await within(clock, LONGEST_MS, ask(request));
      if (answer !== undefined) return answer;
      throw new CliError("UNREACHABLE", `${what} within ${LONGEST_MS / 1_000} s.`, "Try again.");
    } catch (error) {
      if (request.signal.aborted || error instanceof CliError) throw error;
      throw new CliError("UNREACHABLE", `${what} (${systemReason(error)}).`, "Is it running?", {
        cause: error,
      });
    }
  };
}
