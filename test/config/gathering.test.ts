// What is read from the disk, and what is refused there: links that lead away, devices, what others may write, what is no text.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Gatherer } from "../../src/config/folder/gatherer.ts";

let root: string;
let jobs: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cronduit-gather-"));
  jobs = join(root, "jobs.d");
  mkdirSync(jobs, { mode: 0o755 });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const job = (id: string) =>
  JSON.stringify({
    job_id: id,
    schedule: "@daily",
    task: { type: "execute_command", command: "x" },
  });
const write = (name: string, text: string | Uint8Array = job(name.replace(/\W.*/, ""))) =>
  writeFileSync(join(jobs, name), text, { mode: 0o644 });

async function gather(places = { jobsDirs: [jobs] }) {
  const { set, files } = await new Gatherer(places).gather();
  return {
    files,
    ids: set.isValid ? set.jobs.map(({ id }) => id) : undefined,
    problems: set.problems.map(({ file, code }) => `${file.slice(root.length + 1)} ${code}`),
  };
}

test("JSON and TOML are read; hidden files and what editors leave are not", async () => {
  write("a.json");
  write("b.toml", '[jobs.b]\ntype = "BASH"\ncommand = "x"\nschedule = "@daily"\n');
  const others = [".hidden.json", "a.json~", "#a.json#", ".a.json.swp", ".#a.json", "a.json.bak"];
  for (const name of [...others, "4913", "README.md", "a.json.tmp"]) write(name, "{");
  mkdirSync(join(jobs, "..data"));
  expect(await gather()).toEqual({ files: 2, ids: ["a", "b"], problems: [] });
  mkdirSync(join(jobs, "more"));
  expect(await gather()).toMatchObject({ ids: ["a", "b"], problems: ["jobs.d/more IGNORED"] });
});

test("links within the folder are followed, as those of mounted configurations; others are refused", async () => {
  mkdirSync(join(jobs, "..2026"));
  write("..2026/a.json", job("a"));
  symlinkSync("..2026", join(jobs, "..data"));
  symlinkSync("..data/a.json", join(jobs, "a.json"));
  expect(await gather()).toEqual({ files: 1, ids: ["a"], problems: [] });
  writeFileSync(join(root, "secret"), "root:x:0:0", { mode: 0o600 });
  symlinkSync("../secret", join(jobs, "b.json"));
  symlinkSync("/etc/passwd", join(jobs, "c.json"));
  // A name that only begins like the folder's.
  mkdirSync(join(root, "jobs.d-other"));
  writeFileSync(join(root, "jobs.d-other/d.json"), job("d"), { mode: 0o644 });
  symlinkSync("../jobs.d-other/d.json", join(jobs, "d.json"));
  symlinkSync("nowhere", join(jobs, "e.json"));
  symlinkSync("f.json", join(jobs, "f.json"));
  const { problems } = await gather();
  expect(problems).toEqual([
    "jobs.d/b.json OUTSIDE_FOLDER",
    "jobs.d/c.json OUTSIDE_FOLDER",
    "jobs.d/d.json OUTSIDE_FOLDER",
    "jobs.d/e.json UNREADABLE",
    "jobs.d/f.json UNREADABLE",
  ]);
});

test("pipes, devices, sockets and folders are no files, and nothing waits for them", async () => {
  expect(spawnSync("mkfifo", [join(jobs, "a.json")]).status).toBe(0);
  symlinkSync("/dev/zero", join(jobs, "b.json"));
  symlinkSync(".", join(jobs, "c.json"));
  expect((await gather()).problems).toEqual([
    "jobs.d/a.json NOT_A_FILE",
    "jobs.d/b.json NOT_A_FILE",
    "jobs.d/c.json NOT_A_FILE",
  ]);
});

test.each([
  ["a file that its group may write", 0o664, 0o755, "jobs.d/a.json"],
  ["a file that everybody may write", 0o646, 0o755, "jobs.d/a.json"],
  ["a folder that its group may write", 0o644, 0o775, "jobs.d"],
  ["a folder that everybody may write, even if it is sticky", 0o644, 0o1777, "jobs.d"],
])("%s is refused", async (_, mode, folderMode, place) => {
  write("a.json");
  chmodSync(join(jobs, "a.json"), mode);
  chmodSync(jobs, folderMode);
  expect(await gather()).toMatchObject({ problems: [`${place} WRITABLE_BY_OTHERS`] });
});

// Only root may give files away.
test.runIf(process.geteuid?.() === 0)(
  "a file of somebody else is refused, but for the folder's owner",
  async () => {
    write("a.json");
    chownSync(join(jobs, "a.json"), 12_345, 12_345);
    expect(await gather()).toMatchObject({ problems: ["jobs.d/a.json FOREIGN_OWNER"] });
    chownSync(jobs, 12_345, 12_345);
    expect(await gather()).toMatchObject({ ids: ["a"], problems: [] });
  },
);

test("what is no text, and what is too large, is refused", async () => {
  write("a.json", new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1]));
  write("b.json", new Uint8Array([0x22, 0xff, 0xfe]));
  write("c.json", `"${"x".repeat(1_100_000)}"`);
  expect((await gather()).problems).toEqual([
    "jobs.d/a.json NOT_TEXT",
    "jobs.d/b.json NOT_TEXT",
    "jobs.d/c.json FILE_TOO_LARGE",
  ]);
});

test("what is named and not there is an error", async () => {
  const places = {
    config: join(root, "cronduit.toml"),
    jobsDirs: [join(root, "none")],
    crontabs: [{ file: join(root, "nowhere/crontab"), isSystem: true }],
  };
  expect((await gather(places)).problems).toEqual([
    "cronduit.toml MISSING_FILE",
    "none MISSING_FOLDER",
    "nowhere/crontab MISSING_FILE",
  ]);
});

test("what has not changed is not opened again; what has is, however it was written", async () => {
  for (const id of ["a", "b", "c"]) write(`${id}.json`);
  const gatherer = new Gatherer({ jobsDirs: [jobs] });
  expect(await gatherer.gather()).toMatchObject({ isChanged: true, files: 3 });
  expect(gatherer.opened).toBe(3);
  expect(await gatherer.gather()).toMatchObject({ isChanged: false });
  expect(await gatherer.gather([join(jobs, "a.json")])).toMatchObject({ isChanged: false });
  expect(gatherer.opened).toBe(3);
  write("new", job("b2"));
  renameSync(join(jobs, "new"), join(jobs, "b.json"));
  rmSync(join(jobs, "c.json"));
  const { set, isChanged } = await gatherer.gather([join(jobs, "b.json"), join(jobs, "c.json")]);
  expect(isChanged).toBe(true);
  expect(set.isValid && set.jobs.map(({ id }) => id)).toEqual(["a", "b2"]);
  expect(gatherer.opened).toBe(4);
  // As a backup puts it back: of the same length, at the same time.
  linkSync(join(jobs, "a.json"), join(jobs, "d.json"));
  expect(await gatherer.gather()).toMatchObject({ isChanged: true });
});

test("10,000 files are read, and one more is refused", async () => {
  for (let i = 0; i < 10_000; i += 1) write(`job-${i}.json`, job(`job-${i}`));
  const { ids, problems } = await gather();
  expect([ids?.length, problems]).toEqual([10_000, []]);
  write("more.json");
  const refused = await gather();
  expect(refused.ids).toBeUndefined();
  expect(refused.problems[0]).toContain("TOO_MANY_FILES");
}, 120_000);
