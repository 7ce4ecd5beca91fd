// One process of the bench "start": imports the package, runs a first job, and prints what both took. Plain JavaScript,
// so that nothing else is loaded. Arguments: the package's entry, and the connection if there is one.
const [entry, connection] = process.argv.slice(2);

function mark() {
  const { user, system } = process.cpuUsage();
  return { ms: performance.now(), cpuMs: (user + system) / 1_000, rss: process.memoryUsage.rss() };
}

const bare = mark();
const { Pipeline, PipelineScheduler } = await import(entry);
const imported = mark();

let begun;
class First extends Pipeline {
  run() {
    begun = mark();
  }
}

const scheduler = new PipelineScheduler({
  pipelines: [First],
  prefix: "bench_start",
  ...(connection === undefined ? {} : { connection }),
});
const executed = new Promise((resolve) => scheduler.on("JOB_EXECUTED", resolve));
const asked = mark();
await scheduler.start();
// A date that has passed is due at once.
await scheduler.addJob(First, { id: `first-${process.pid}`, trigger: "date", runDate: new Date() });
await executed;
const ended = mark();
await scheduler.shutdown();

const MB = 1_048_576;
const figures = {
  importMs: imported.ms - bare.ms,
  importCpuMs: imported.cpuMs - bare.cpuMs,
  startMs: begun.ms - asked.ms,
  startCpuMs: begun.cpuMs - asked.cpuMs,
  importMb: (imported.rss - bare.rss) / MB,
  runMb: (ended.rss - bare.rss) / MB,
  peakMb: (process.resourceUsage().maxRSS * 1_024 - bare.rss) / MB,
};
console.log(`\n${JSON.stringify({ figures })}`);
