import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Makes what is measured: the package as it is published. */
export function buildPackage(): void {
  const script = fileURLToPath(new URL("../../../scripts/build.mjs", import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: "inherit", timeout: 300_000 });
  if (status !== 0) throw new Error("the package could not be built");
}
