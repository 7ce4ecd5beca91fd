import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { Page } from "playwright-core";
import { type Api, createApi } from "../../src/api/create-api.ts";
import { toNodeListener } from "../../src/api/edge/node-listener.ts";
import type { ApiOptions } from "../../src/api/api-options.ts";
import { createClient, type Client } from "../../src/api/client/create-client.ts";
import { silentLogger } from "../../src/core/log.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { exportedHistory, fleetWithHistory, Report, Work } from "./history.ts";

/** Long, and made of nothing that anybody knows. */
export const PASSWORD = "violet-harbour-19-otters";

/** What a fleet is to be. */
export interface FleetOptions {
  /** The built dashboard. */
  readonly files: string;
  /** `still`: two days behind it, and no time that goes on; `live`: the same, and its time goes on; `empty`: without a job. @default "still" */
  readonly kind?: "still" | "live" | "empty";
  readonly options?: Partial<ApiOptions>;
  /** What a proxy puts before all paths, and takes away again. */
  readonly prefix?: string;
}

async function schedulerOf(kind: "still" | "live" | "empty"): Promise<PipelineScheduler> {
  if (kind === "still") return fleetWithHistory();
  const scheduler = new PipelineScheduler({
    connection: "memory:",
    pipelines: [Work, Report],
    logger: silentLogger,
    timezone: "Europe/Berlin",
    worker: {},
  });
  if (kind === "live") await scheduler.importState(await exportedHistory());
  await scheduler.start();
  return scheduler;
}

/** A fleet in this process with the dashboard at a port of its own. */
export class DashboardFleet implements AsyncDisposable {
  readonly scheduler: PipelineScheduler;
  readonly api: Api;
  /** As the administrator of this machine. */
  readonly client: Client;
  readonly #server: Server;
  #origin = "";

  private constructor(
    scheduler: PipelineScheduler,
    { files, options = {}, prefix = "" }: FleetOptions,
  ) {
    this.scheduler = scheduler;
    this.api = createApi({
      scheduler: this.scheduler,
      auth: {},
      dashboard: { files },
      ...options,
    });
    this.client = createClient({
      url: "http://127.0.0.1/api",
      fetch: this.api.as({ kind: "cli", id: "root" }).fetch,
    });
    const listener = toNodeListener(this.api);
    this.#server = createServer((request, response) => {
      // A proxy that takes away what it put before the path.
      if (request.url?.startsWith(prefix)) request.url = request.url.slice(prefix.length) || "/";
      void listener(request, response);
    });
  }

  static async start(given: FleetOptions): Promise<DashboardFleet> {
    const fleet = new DashboardFleet(await schedulerOf(given.kind ?? "still"), given);
    fleet.#server.listen(0, "127.0.0.1");
    await once(fleet.#server, "listening");
    const address = fleet.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("no port");
    fleet.#origin = `http://127.0.0.1:${address.port}${given.prefix ?? ""}`;
    return fleet;
  }

  /** An address of the dashboard. */
  at(path: string): string {
    return `${this.#origin}${path}`;
  }

  /** Makes the administrator `ana`. */
  async setUp(): Promise<void> {
    const made = await this.api.setupToken();
    if (made)
      await this.client.setUp({ body: { token: made.token, user: "ana", password: PASSWORD } });
  }

  /** Signs a page in as `ana`, whatever its address is. */
  async signIn(page: Page): Promise<void> {
    await page.getByLabel("Name").fill("ana");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("navigation", { name: "Main" }).waitFor();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.scheduler.shutdown();
  }
}
