// A user's program to bundle: one job, run once on CONNECTION. test/package-bundles.test.ts runs the bundle.
import { isCronduitError, PipelineScheduler } from "cronduit";
import { Hello } from "./hello.ts";

function told({ name, code, message }: Error & { readonly code?: string }): object {
  return { name, code, message };
}

async function main(): Promise<unknown> {
  const connection = process.env["CONNECTION"] ?? "";
  const scheduler = new PipelineScheduler({
    connection,
    prefix: `bundle-${process.pid}-${process.hrtime.bigint()}`,
    pipelines: [Hello],
  });
  const ended = new Promise<unknown>((resolve) => {
    scheduler.on("JOB_EXECUTED", ({ retval }) => resolve(retval));
    scheduler.on("JOB_ERROR", ({ exception }) => resolve(exception && told(exception)));
  });
  try {
    await scheduler.start();
    await scheduler.addJob(Hello, {
      id: "hello",
      trigger: "date",
      in: "10 ms",
      ...(process.env["ISOLATE"] === undefined ? {} : { isolate: "process" }),
    });
    return await ended;
  } catch (error) {
    if (isCronduitError(error)) return told(error);
    throw error;
  } finally {
    await scheduler.shutdown();
  }
}

void main().then((told) => console.log(`\n${JSON.stringify(told)}`));
