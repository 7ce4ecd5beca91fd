// A nightly ETL of three jobs with conditions, retries and steps, killed in the middle of a step and restarted.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const application = fileURLToPath(new URL("./application.ts", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "cronduit-etl-"));

async function executed(): Promise<string[]> {
  const text = await readFile(join(folder, "executed.txt"), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

function start(which: "first" | "second") {
  return spawn(process.execPath, [...process.execArgv, application, folder, which], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}

await mkdir(join(folder, "incoming"));
for (const day of [1, 2, 3]) {
  const rows = ["region,amount", `eu,${day}`, `us,${day * 10}`, `eu,${day * 100}`];
  await writeFile(join(folder, "incoming", `orders-${day}.csv`), rows.join("\n"));
}

const first = start("first");
const ended = once(first, "exit");
// In the middle of the second file.
while (!(await executed()).includes("sum orders-2.csv") && first.exitCode === null) await wait(20);
await wait(100);
first.kill("SIGKILL");
await ended;
console.log("killed while it worked on the second file; restarting");

const [code] = (await once(start("second"), "exit")) as [number | null];
const report = await readFile(join(folder, "report.json"), "utf8").catch(() => "none");
console.log("report:", report);
const counts = new Map<string, number>();
for (const step of await executed()) counts.set(step, (counts.get(step) ?? 0) + 1);
for (const [step, count] of counts)
  console.log(`executed ${count} ${count === 1 ? "time " : "times"}: ${step}`);
await rm(folder, { recursive: true, force: true });
process.exitCode = code ?? 1;
