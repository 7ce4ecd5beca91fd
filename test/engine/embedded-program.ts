// A child program: an engine in a folder that stores jobs, runs and events one after the other and says each that was
// acknowledged, until it is killed.
import { systemClock } from "../../src/core/clock.ts";
import { lineLogger } from "../../src/core/log.ts";
import { makeEngine } from "../../src/engine/open-engine.ts";
import { TestEngine, at } from "../contract/test-engine.ts";

const [folder = ""] = process.argv.slice(2);
const connection = `embedded://${folder}`;

if (process.argv[3] === "open") {
  const options = { connection, prefix: "kill", clock: systemClock, logger: lineLogger("error") };
  const engine = makeEngine({ ...options, timeoutMs: 10_000 });
  await engine.open().then(
    () => process.send?.({ kind: "opened" }),
    (error: unknown) =>
      process.send?.({ kind: "refused", code: Reflect.get(Object(error), "code") }),
  );
  await engine.close();
  process.disconnect();
} else {
  const bench = new TestEngine(connection, "kill");
  await bench.engine.open();
  process.send?.({ kind: "ready" });
  for (let n = 0; ; n += 1) {
    const job = await bench.addJob({ id: `job-${Number(process.argv[3] ?? 0)}-${n}` });
    bench.now += 1_000;
    const { runId } = await bench.run(job, bench.now);
    await bench.engine.queue.add([{ id: runId, pipeline: "Report", dueAt: bench.now }]);
    await bench.settle(job, runId);
    process.send?.({ kind: "kept", jobId: job.id, runId });
    await bench.admit(job, [at(bench.now)]);
  }
}
