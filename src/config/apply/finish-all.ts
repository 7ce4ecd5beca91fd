import type { Engine } from "../../engine/port/engine.ts";
import type { PipelineScheduler } from "../../scheduler/pipeline-scheduler.ts";
import { parseHead } from "./accepted-set.ts";
import { SetApplier } from "./set-applier.ts";
import { ACCEPTED_PREFIX } from "./source-name.ts";

/** Sources looked at. */
const MOST = 1_000;

/** Completes what processes began that died, of whatever source: nobody else may come for a set that was applied once. */
export async function finishAll(
  scheduler: PipelineScheduler,
  { documents }: Pick<Engine, "documents">,
  own: SetApplier,
): Promise<void> {
  const page = await documents.list(ACCEPTED_PREFIX, undefined, MOST);
  for (const { key, value } of page.documents) {
    if (parseHead(value)?.state !== "applying") continue;
    const source = key.slice(ACCEPTED_PREFIX.length);
    await (source === own.source ? own : new SetApplier({ scheduler, source })).finish();
  }
}
