// Tells which scripts are loaded by the import of the package, and then by a job on CONNECTION, if it is set.
import { createRequire } from "node:module";
import { Session } from "node:inspector";

const session = new Session();
session.connect();
const loaded = { own: [], packages: new Set() };
session.on("Debugger.scriptParsed", ({ params: { url } }) => {
  const [, name, file] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(url) ?? [];
  if (name === "cronduit") loaded.own.push(file);
  else if (name !== undefined) loaded.packages.add(name);
});
session.post("Debugger.enable");

/** What was loaded since the last time. */
function since() {
  const { own, packages } = {
    own: loaded.own.toSorted(),
    packages: [...loaded.packages].toSorted(),
  };
  loaded.own.length = 0;
  loaded.packages.clear();
  return { own, packages };
}

const [how] = process.argv.slice(2);
const { Pipeline, PipelineScheduler } =
  how === "require" ? createRequire(import.meta.url)("cronduit") : await import("cronduit");
const imported = since();

class Hello extends Pipeline {
  run() {
    return "hello";
  }
}

async function work(connection) {
  const scheduler = new PipelineScheduler({
    connection,
    prefix: `loaded-${process.pid}-${process.hrtime.bigint()}`,
    pipelines: [Hello],
  });
  const executed = new Promise((resolve) => scheduler.on("JOB_EXECUTED", resolve));
  await scheduler.start();
  await scheduler.addJob(Hello, { id: "hello", trigger: "date", in: "10 ms" });
  await executed;
  await scheduler.shutdown();
  return since();
}

const { CONNECTION } = process.env;
const worked = CONNECTION === undefined ? undefined : await work(CONNECTION);
console.log(`\n${JSON.stringify({ imported, worked })}`);
