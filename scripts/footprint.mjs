// Measures what docs/memory.md says: the memory of an idle process, and the processor time that it takes to start, which
// depends less than the time on the clock on what else the machine does.
//   REDIS_URL=redis://127.0.0.1:6379 DATABASE_URL=postgres://… npm run footprint [-- <part of a name>]
// Each figure is the median of three fresh processes on the built package; what has no URL is left out.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROUNDS = 3;
const IDLE_MS = 3_000;
const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, `.dist-footprint-${process.pid}`);
const folder = mkdtempSync(join(tmpdir(), "footprint-"));
const { REDIS_URL, DATABASE_URL } = process.env;
const [wanted = ""] = process.argv.slice(2);

/** What each process does once the package is imported; `prefix` keeps processes apart. */
const scheduler = (options) =>
  `const it = new PipelineScheduler({ pipelines: [Nothing], ${options} }); await it.start();`;
const worker = (connection) =>
  `const it = new PipelineWorker({ connection: ${JSON.stringify(connection)}, prefix, pipelines: [Nothing] }); await it.start();`;
const onServer = (name, url) =>
  url === undefined
    ? {}
    : {
        [`scheduler, ${name}`]: scheduler(
          `connection: ${JSON.stringify(url)}, prefix, worker: false`,
        ),
        [`scheduler that works, ${name}`]: scheduler(`connection: ${JSON.stringify(url)}, prefix`),
        [`worker, ${name}`]: worker(url),
      };
const add = (count) =>
  `await it.addJobs(Array.from({ length: ${count} }, (_, i) => ({ pipeline: Nothing, options: { id: "job-" + i, trigger: "interval", hours: 24 } })));`;

const subjects = {
  "Node.js alone": undefined,
  ...onServer("Redis", REDIS_URL),
  ...onServer("PostgreSQL", DATABASE_URL),
  "in memory": scheduler(""),
  "in memory, with 10,000 jobs": `${scheduler("")} ${add(10_000)}`,
  "in a new folder": scheduler(`connection: "embedded://" + fresh`),
  "in a folder that exists": scheduler(`connection: "embedded://${folder}/kept"`),
};

function program(body, round) {
  const begin = `const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1_000; };
    const before = cpu();`;
  const load = `const { Pipeline, PipelineScheduler, PipelineWorker } = await import(${JSON.stringify(join(dist, "index.js"))});
    class Nothing extends Pipeline { run() {} }
    const prefix = "footprint-${process.pid}"; const fresh = ${JSON.stringify(join(folder, `new-${round}`))};
    const loaded = cpu();`;
  const end = `const started = cpu();
    await new Promise((resolve) => setTimeout(resolve, ${IDLE_MS}));
    console.log(JSON.stringify({ rss: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1024,
      importMs: loaded - before, startMs: started - loaded }));
    if (typeof it !== "undefined") await (it.shutdown ?? it.stop).call(it);
    process.exit();`;
  return body === undefined
    ? `${begin} const loaded = before; ${end}`
    : `${begin} ${load} ${body} ${end}`;
}

function measure(body, round) {
  const args = ["--input-type=module", "-e", program(body, round)];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

try {
  const built = spawnSync(process.execPath, [join(root, "scripts/build.mjs"), dist], {
    stdio: "inherit",
    cwd: dirname(dist),
  });
  if (built.status !== 0) process.exit(1);
  const mb = (bytes) => `${Math.round(bytes / 1_048_576)} MB`;
  const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;
  console.log("| process | memory when idle | at its highest | CPU to import | CPU to start |");
  console.log("| --- | --- | --- | --- | --- |");
  const chosen = Object.entries(subjects).filter(([subject]) => subject.includes(wanted));
  for (const [name, body] of chosen) {
    measure(body, "warm"); // makes schemas and folders, and fills the file system's cache
    const found = Array.from({ length: ROUNDS }, (_, round) =>
      measure(body, `${name.length}-${round}`),
    );
    const of = (field) => median(found.map((each) => each[field]));
    const cells = [mb(of("rss")), mb(of("peak")), seconds(of("importMs")), seconds(of("startMs"))];
    console.log(`| ${[name, ...cells].join(" | ")} |`);
  }
} finally {
  rmSync(dist, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}
