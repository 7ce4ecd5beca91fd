// Sends requests over connections that stay open, see api.bench.ts.
import { Agent, get } from "node:http";
import { answerCalls } from "../measure/called-program.ts";
import { type Asked, REQUESTS, requestAt, type Stored } from "./requests.ts";
import { type Timed, timeCalls } from "./timed.ts";

/** What to ask, whom, and for how long. */
export interface Load {
  readonly asked: Asked;
  readonly stored: Stored;
  /** Where the requests go, with the base path. */
  readonly url: string;
  readonly token: string;
  readonly seconds: number;
  readonly atOnce: number;
}

/** What this program can be told to do. */
export interface LoadCalls {
  ask(load: Load): Promise<Timed>;
}

function read(url: string, token: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const request = get(url, { agent, headers }, (response) => {
      response.on("error", reject);
      response.on("data", () => undefined);
      response.on("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${url} was answered with ${response.statusCode}`));
      });
    });
    request.on("error", reject);
  });
}

answerCalls<LoadCalls>({
  ask: async ({ asked, stored, url, token, seconds, atOnce }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
    try {
      return await timeCalls({ seconds, atOnce }, (n) =>
        read(`${url}${REQUESTS[requestAt(asked, n)].path(stored, n)}`, token, agent),
      );
    } finally {
      agent.destroy();
    }
  },
});
