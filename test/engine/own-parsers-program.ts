// A child program: an application that has pg read values by its own parsers, as pg lets everybody for the whole process.
import pg from "pg";
import { lineLogger, Pipeline, PipelineScheduler } from "../../src/index.ts";

const { builtins } = pg.types;
for (const type of [builtins.INT2, builtins.INT4, builtins.INT8, builtins.OID])
  pg.types.setTypeParser(type, BigInt);
for (const type of [builtins.FLOAT4, builtins.FLOAT8, builtins.NUMERIC, builtins.BOOL])
  pg.types.setTypeParser(type, (text) => ({ text }));
for (const type of [builtins.JSON, builtins.JSONB, builtins.TEXT, builtins.VARCHAR])
  pg.types.setTypeParser(type, (text) => ({ text }));

class Noop extends Pipeline {
  run(): unknown {
    return { success: true };
  }
}

const [connection = ""] = process.argv.slice(2);
const scheduler = new PipelineScheduler({
  connection,
  prefix: `parsers-${process.pid}`,
  pipelines: [Noop],
  logger: lineLogger("error"),
});
await scheduler.start();
await scheduler.addJob(Noop, { id: "one", trigger: "interval", hours: 1 });
const [run] = [await scheduler.runJob("one", { wait: true })];
const { jobs } = await scheduler.getJobs();
await scheduler.shutdown();
process.send?.({ verdict: run.verdict, jobs: jobs.length });
process.disconnect();
