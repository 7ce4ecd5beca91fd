// `npm run demo`: pipelines that measure this machine, a killed process, and a ledger that adds up.
import { runEmbedded } from "./on-embedded.ts";
import { runOnServer } from "./on-server.ts";
import { removeWorkspace, makeWorkspace, type Workspace } from "./workspace.ts";

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => interrupted.abort());

let workspace: Workspace | undefined;
try {
  workspace = await makeWorkspace();
  const play = workspace.kind === "embedded" ? runEmbedded : runOnServer;
  process.exitCode = (await play(workspace, interrupted.signal)) ? 0 : 1;
} catch (error) {
  if (!interrupted.signal.aborted) console.error(error instanceof Error ? error.message : error);
  process.exitCode = interrupted.signal.aborted ? 130 : 1;
} finally {
  if (workspace) await removeWorkspace(workspace).catch((error: unknown) => console.error(error));
}
