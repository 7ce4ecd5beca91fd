#!/usr/bin/env node
import { version } from "./version.ts";

const [only, ...others] = process.argv.slice(2);
if (others.length === 0 && (only === "--version" || only === "-V")) {
  console.log(version());
} else {
  // Loaded only now: the version is asked often, and by programs.
  const { main } = await import("./main.ts");
  const { processIo } = await import("./process-io.ts");
  const io = processIo();
  process.exitCode = await main(process.argv.slice(2), io);
  // What was cut off may still wait for something.
  if (io.signal.aborted) process.exit();
}
