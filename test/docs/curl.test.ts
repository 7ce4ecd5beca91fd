// Every curl line of the documents is run against a real server, page by page in its order: the answer must have a status of
// success, or the one that a comment at the line's end names.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApi } from "../../src/api/create-api.ts";
import { toNodeListener } from "../../src/api/edge/node-listener.ts";
import { silentLogger } from "../../src/core/log.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { callApi } from "../api/call-api.ts";
import { DOCUMENTS, ROOT } from "./documents.ts";

const run = promisify(execFile);
/** Pages that show how the API is called. */
const MUST_HAVE = [
  "docs/accounts.md",
  "docs/http-api.md",
  "docs/http-jobs.md",
  "docs/http-server.md",
];
const PASSWORD = "violet-harbour-19-otters";
const NightlyReport = defineJob({ name: "NightlyReport", run: async () => undefined });

/** The commands of a page's shell blocks that call curl. */
function commandsOf(document: string): string[] {
  const text = readFileSync(join(ROOT, document), "utf8");
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) =>
    block
      .replaceAll("\\\n", " ")
      .split("\n")
      // One without an address is a sketch.
      .filter((line) => /(?:^|\$\()curl (?!…)/.test(line)),
  );
}

const PAGES = DOCUMENTS.map((page) => ({ page, commands: commandsOf(page) })).filter(
  ({ commands }) => commands.length > 0,
);

test("the pages that show how the API is called have commands", () => {
  expect(PAGES.map(({ page }) => page)).toEqual(expect.arrayContaining(MUST_HAVE));
});

describe.each(PAGES)("$page", ({ commands }) => {
  const scheduler = new PipelineScheduler({
    connection: "memory:",
    pipelines: [NightlyReport],
    logger: silentLogger,
  });
  const api = createApi({ scheduler, auth: { jwt: { secret: "0123456789abcdef".repeat(4) } } });
  const local = api.as({ kind: "cli", id: "root" });
  const listener = toNodeListener(api);
  const server: Server = createServer((request, response) => void listener(request, response));
  /** What a reader of the page has by then. */
  const known = { token: "", setup: "", csrf: "", secret: "", oneTimePassword: "" };
  /** Where curl keeps its cookies. */
  const folder = mkdtempSync(join(tmpdir(), "cronduit-curl-"));

  beforeAll(async () => {
    await scheduler.start();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const isMade = commands.some((command) => command.includes('"id": "nightly"'));
    for (const id of isMade ? ["weekly"] : ["nightly", "weekly"])
      await scheduler.addJob(NightlyReport, { id, trigger: "cron", hour: 3, owner: "billing" });
    known.setup = (await api.setupToken())?.token ?? "";
    // Who already has an account, but where the page makes the first one.
    if (commands.some((command) => command.includes("/api/setup"))) return;
    const body = { id: "ana", role: "admin" };
    await callApi(local, "/users", { method: "POST", body });
    const made = await callApi(local, "/tokens", {
      method: "POST",
      body: { user: "ana", name: "shell", role: "admin" },
    });
    known.token = (made.body as { secret: string }).secret;
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await scheduler.shutdown();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(commands)("%s", async (command) => {
    const { port } = server.address() as AddressInfo;
    const here = command
      .replaceAll(
        /https:\/\/\w+\.example\.com|http:\/\/localhost:3000/g,
        `http://127.0.0.1:${port}`,
      )
      .replaceAll("cds_…", known.setup)
      .replaceAll("cdt_…", known.secret)
      .replaceAll("x-cronduit-csrf: …", `x-cronduit-csrf: ${known.csrf}`)
      .replaceAll("the oneTimePassword of the answer", known.oneTimePassword)
      .replaceAll(/a long one of (?:your|his) own/g, PASSWORD);
    expect(here).not.toMatch(/…|example\.com/);
    const program = `
      curl() { command curl -sS --max-time 20 -w '\\n%{http_code}' "$@"; }
      uuidgen() { echo ${randomUUID()}; }
      ${here}`;
    const { stdout, stderr } = await run("bash", ["-c", program], {
      cwd: folder,
      env: { PATH: process.env["PATH"], TOKEN: known.token },
    });
    const at = stdout.lastIndexOf("\n");
    const [body, status] = [stdout.slice(0, at), stdout.slice(at + 1)];
    const named = /# (\d{3})$/.exec(command)?.[1];
    expect({ status, body, stderr }).toMatchObject({
      status: named ?? (expect.stringMatching(/^2\d\d$/) as string),
    });
    // The next command has what this answer told.
    const answer = body.startsWith("{") ? (JSON.parse(body) as Record<string, unknown>) : {};
    for (const name of ["token", "csrf", "secret", "oneTimePassword"] as const) {
      const value = answer[name];
      if (typeof value === "string") known[name] = value;
    }
  });
});
