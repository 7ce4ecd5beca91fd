import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

/** Libraries that become part of our files, so that nobody installs them. Programs can share the others, as zod. */
const BUILT_IN = /^(?:@?chevrotain|lodash-es)(?:\/|$)/;

/** What the compiler knows of a module's source, so that the merged file's map leads to src. */
const sourceMaps = {
  name: "source-maps",
  load: {
    filter: { id: { include: /\.js$/, exclude: /node_modules/ } },
    handler(id) {
      const code = readFileSync(id, "utf8");
      if (!code.includes("\n//# sourceMappingURL=")) return null;
      return { code, map: readFileSync(`${id}.map`, "utf8") };
    },
  },
};

/**
 * Merges compiled modules into few files. To find, open and link a module costs Node.js a fifth of a millisecond, and
 * there were a thousand of them, two thirds in chevrotain and lodash.
 * @param from The folder of the compiled modules, which is not changed.
 * @param to Where the files go.
 * @param entries Modules that keep their place and name, without extension. All others move into them or `chunks`.
 */
export async function mergeModules(from, to, entries) {
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, join(from, `${entry}.js`)])),
    platform: "node",
    plugins: [sourceMaps],
    external: (id) => !/^[./]/.test(id) && !BUILT_IN.test(id),
    treeshake: { moduleSideEffects: (id) => !BUILT_IN.test(packageOf(id)?.name ?? "") },
    onLog: (_level, { message }) => {
      throw new Error(message);
    },
  });
  const { output } = await bundle.write({
    dir: to,
    format: "esm",
    sourcemap: true,
    sourcemapExcludeSources: true,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name].js",
    minifyInternalExports: false,
  });
  await bundle.close();
  const modules = output.flatMap(({ moduleIds = [] }) => moduleIds);
  writeFileSync(join(to, "LICENSES.txt"), licencesOf(modules.map(packageOf)));
}

/** The library that a module belongs to, and its folder; `undefined` for our own. */
export function packageOf(id) {
  const [folder, name] = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)(?=\/)/.exec(id) ?? [];
  return name === undefined ? undefined : { name, folder };
}

/** Licences ask to be passed on with the code. */
export function licencesOf(packages) {
  const namesOf = new Map();
  for (const found of packages) {
    if (found === undefined) continue;
    const file = readdirSync(found.folder).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined) throw new Error(`${found.name} has no licence.`);
    const text = readFileSync(join(found.folder, file), "utf8").trimEnd();
    namesOf.set(text, (namesOf.get(text) ?? new Set()).add(found.name));
  }
  const parts = [...namesOf].map(([text, names]) => `${[...names].join(", ")}\n\n${text}\n`);
  return `Files in this folder contain code of these packages.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
