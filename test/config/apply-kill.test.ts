// kill -9 in the middle of applying job files, again and again: no half set counts as applied, and the next start completes it.
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, inject, test } from "vitest";
import { startProgram } from "../helpers/process.ts";

/** How often; `APPLY_KILLS=200` for a night. */
const KILLS = Number(process.env["APPLY_KILLS"] ?? 20);
const JOBS = 300;

interface Found {
  readonly kind: "done" | "found";
  readonly outcome?: string;
  readonly tookMs?: number;
  readonly accepted: { readonly state: string; readonly count: number } | null;
  readonly jobs: Readonly<Record<string, string>>;
}

const root = mkdtempSync(join(tmpdir(), "cronduit-kill-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The ids of a set: each of two versions has 50 jobs that the other has not. */
function idsOf(version: number): string[] {
  return Array.from({ length: JOBS }, (_, i) => `job-${(version % 2) * 50 + i}`);
}

/** A folder whose jobs all tell its version; of every second job, nothing else differs. */
function folderOf(version: number): string {
  const folder = join(root, `v${version}`);
  mkdirSync(folder, { mode: 0o755, recursive: true });
  for (const [i, id] of idsOf(version).entries()) {
    const schedule = i % 2 === 0 ? "0 8 * * *" : `${version % 60} 9 * * *`;
    const task = { type: "execute_command", command: "true" };
    const job = { job_id: id, description: `v${version}`, schedule, task };
    writeFileSync(join(folder, `${id}.json`), JSON.stringify(job), { mode: 0o644 });
  }
  return folder;
}

function versionsOf({ jobs }: Found): string[] {
  return [...new Set(Object.values(jobs))].toSorted();
}

/** Spread evenly over the time that applying takes. */
const fractionOf = (kill: number): number => (kill * 0.618_034) % 1;

const isOf =
  (kind: string) =>
  (message: unknown): message is Found =>
    (message as { kind?: string }).kind === kind;

describe.each([
  ["redis", () => inject("redisUrl")],
  ["embedded", () => `embedded://${join(root, "state")}`],
] as const)("%s", (_, connection) => {
  test(`${KILLS} times`, async () => {
    const prefix = `kill_${randomUUID().slice(0, 8)}`;
    const start = (version: number) =>
      startProgram("test/config/apply-program.ts", {
        args: [connection(), prefix, folderOf(version)],
      });
    // How long it takes if nobody kills it: at first all jobs are new, then most are changed.
    let tookMs = 0;
    for (const version of [0, 1]) {
      const program = start(version);
      const done = await program.waitFor(isOf("done"));
      expect(done.outcome).toBe("applied");
      tookMs = done.tookMs ?? 0;
      await program.exited();
    }
    let halves = 0;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const killed = start(kill + 1);
      const found = await killed.waitFor(isOf("found"));
      // What counts as applied is one set, whole.
      if (found.accepted?.state === "applied") {
        expect(versionsOf(found)).toHaveLength(1);
        const [version = ""] = versionsOf(found);
        expect(Object.keys(found.jobs).toSorted()).toEqual(
          idsOf(Number(version.slice(1))).toSorted(),
        );
      } else halves += 1;
      await killed.waitFor((message) => (message as { kind?: string }).kind === "begin");
      await new Promise((resolve) => setTimeout(resolve, fractionOf(kill) * tookMs));
      await killed.kill("SIGKILL");
    }
    // The kills met the middle of it, or nothing was tried.
    expect(halves).toBeGreaterThan(0);
    const last = start(KILLS + 1);
    const done = await last.waitFor(isOf("done"));
    expect(done.accepted).toMatchObject({ state: "applied", count: JOBS, failed: [] });
    expect(versionsOf(done)).toEqual([`v${KILLS + 1}`]);
    expect(Object.keys(done.jobs).toSorted()).toEqual(idsOf(KILLS + 1).toSorted());
    await last.exited();
  }, 580_000);
});
