// `npm run demo`: pipelines that measure this machine, a killed process, and a ledger that adds up.
import { playOnEmbedded } from "./on-embedded.ts";
import { playOnServer } from "./on-server.ts";
import { clearStage, setStage, type Stage } from "./stage.ts";

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => interrupted.abort());

let stage: Stage | undefined;
try {
  stage = await setStage();
  const play = stage.kind === "embedded" ? playOnEmbedded : playOnServer;
  process.exitCode = (await play(stage, interrupted.signal)) ? 0 : 1;
} catch (error) {
  if (!interrupted.signal.aborted) console.error(error instanceof Error ? error.message : error);
  process.exitCode = interrupted.signal.aborted ? 130 : 1;
} finally {
  if (stage) await clearStage(stage).catch((error: unknown) => console.error(error));
}
