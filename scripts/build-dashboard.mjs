// Builds the dashboard: src/dashboard into a folder of files whose names have a hash, each also compressed.
// `node scripts/build-dashboard.mjs <folder>` builds only this.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { build } from "vite";
import { licencesOf, packageOf } from "./merge-modules.mjs";

const root = fileURLToPath(new URL("../src/dashboard", import.meta.url));
/** Too small to gain anything, or compressed by itself. */
const SMALLEST = 512;
const TEXTS = /\.(?:js|css|svg)$/;

/** @param outDir The folder, which is emptied. */
export async function buildDashboard(outDir) {
  // React is another one in development, and whoever tests has set this to "test".
  process.env.NODE_ENV = "production";
  const { output } = await build({
    root,
    // Relative: the dashboard finds out at run time below which path it is.
    base: "./",
    configFile: false,
    envFile: false,
    publicDir: false,
    logLevel: "warn",
    plugins: [react()],
    build: {
      outDir: resolve(outDir),
      emptyOutDir: true,
      target: "es2022",
      // An inlined file would be a data: URL, which the page's policy forbids.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rollupOptions: {
        output: {
          entryFileNames: "assets/[name]-[hash].js",
          chunkFileNames: "assets/[name]-[hash].js",
          assetFileNames: "assets/[name]-[hash][extname]",
        },
      },
    },
  });
  // What Vite makes of a CommonJS module begins with a zero, and may end with what it is.
  const modules = output
    .flatMap(({ moduleIds = [] }) => moduleIds)
    .map((id) => id.replace(/^\0/, "").replace(/\?.*$/, ""));
  // wouter is in the public domain (Unlicense), and has no text to pass on.
  const packages = modules.map(packageOf).filter((found) => found?.name !== "wouter");
  writeFileSync(join(outDir, "LICENSES.txt"), licencesOf(packages));
  for (const name of readdirSync(join(outDir, "assets"))) {
    const path = join(outDir, "assets", name);
    const content = readFileSync(path);
    if (!TEXTS.test(name) || content.length < SMALLEST) continue;
    writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
    writeFileSync(`${path}.br`, brotliCompressSync(content, { params }));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [outDir = fileURLToPath(new URL("../dist/dashboard", import.meta.url))] =
    process.argv.slice(2);
  await buildDashboard(outDir);
}
