import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  COMMON_ARGUMENTS,
  filesOf,
  SCRIPT_ARGUMENTS,
  type ScriptName,
} from "../../src/engine/redis/scripts.ts";

const FOLDER = new URL("../../src/engine/redis/scripts/", import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".lua"));
const names = files.map((name) => name.slice(0, -".lua".length));
const read = (name: string): string => readFileSync(new URL(`${name}.lua`, FOLDER), "utf8");

/** The arguments that a header names, in order of their numbers. */
function declared(header: string): string[] {
  const found = [...header.matchAll(/^(?:-- )?ARGV\[(\d+)\] +(\w+)/gm)];
  expect(found.map(([, n]) => Number(n))).toEqual(found.map((_, i) => i + 1));
  return found.map(([, , name = ""]) => name);
}

function headerOf(lua: string): string {
  return /^--\[\[\n([\s\S]*?)\n\]\]/.exec(lua)?.[1] ?? "";
}

describe("Lua scripts", () => {
  const scripts = Object.keys(SCRIPT_ARGUMENTS) as ScriptName[];

  test("every file is a script or part of one, and all that scripts are made of are files", () => {
    expect(names.toSorted()).toEqual([...new Set(scripts.flatMap(filesOf))].toSorted());
  });

  test("every script begins with lib.lua, which reads the arguments", () => {
    expect(new Set(scripts.map((name) => filesOf(name)[0]))).toEqual(new Set(["lib"]));
  });

  test("lib.lua names the arguments that all scripts take", () => {
    expect(declared(read("lib").split("local ")[0] ?? "")).toEqual([...COMMON_ARGUMENTS]);
  });

  describe.each(scripts)("%s", (name) => {
    const lua = read(name);
    const header = headerOf(lua);

    test("its header begins with its name and names its arguments in order", () => {
      expect(header.split(":")[0]).toBe(name);
      expect(declared(header)).toEqual([...COMMON_ARGUMENTS, ...SCRIPT_ARGUMENTS[name]]);
    });

    test("its header says what it returns", () => {
      expect(header).toMatch(/^Returns /m);
    });

    test("it uses no argument that it does not declare, and every one of its own", () => {
      const body = lua.slice(header.length);
      const used = new Set([...body.matchAll(/ARGV\[(\d+)\]/g)].map(([, n]) => Number(n)));
      const own = SCRIPT_ARGUMENTS[name].map((_, i) => COMMON_ARGUMENTS.length + 1 + i);
      expect(new Set([...used].filter((n) => n > COMMON_ARGUMENTS.length))).toEqual(new Set(own));
    });

    test("a script that tells of something ends with `finish`", () => {
      const body = lua.slice(header.length);
      const writes =
        /\b(emit|storeJob|add\w+|finish\w+|cancelHeld|recordCancelled|decide\w+|wakeForQueued|wakeups\.\w+|queuedRuns\.(?:add|drop)\w+|queueing\.\w+|backfills\.(?:close|feed)\w+)\(/;
      const tells = writes.test(body.replaceAll("finish()", ""));
      expect(/^finish\(\)$/m.test(body)).toBe(tells);
    });
  });
});
