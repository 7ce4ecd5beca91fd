// Runs around every test file: one that leaves a child process, a connection or a server behind fails.
import { afterAll } from "vitest";
import { killLeftovers } from "./children.ts";

const KINDS = new Set(["ProcessWrap", "TCPSocketWrap", "TCPServerWrap", "PipeServerWrap"]);
const SETTLE_MS = 5_000;

function open(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => KINDS.has(kind));
}

const openBefore = open().length;

// Registered before the test file's own hooks, and such hooks run in reverse order: this is the last.
afterAll(async () => {
  const leftovers = await killLeftovers();
  // A connection that was closed just now is gone a few turns of the event loop later.
  const until = Date.now() + (leftovers.length > 0 ? 0 : SETTLE_MS);
  while (open().length > openBefore && Date.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 10));
  if (leftovers.length > 0) throw new Error(`This file left processes: ${leftovers.join(", ")}`);
  const left = open();
  if (left.length > openBefore)
    throw new Error(
      `This file left open: ${left.join(", ")} (${openBefore} were open before it). Close every scheduler, worker and connection.`,
    );
});
