import { expect, test } from "vitest";
import { MAX_FILES } from "../../src/config/file-limits.ts";
import { readSet, type SetFile } from "../../src/config/read-set.ts";

const toml = (file: string, ...ids: string[]): SetFile => ({
  file,
  kind: "toml",
  content: ids
    .map((id) => `[jobs.${id}]\ntype = "BASH"\ncommand = "x"\nschedule = "@daily"\n`)
    .join(""),
});
const json = (file: string, id: string): SetFile => ({
  file,
  kind: "json",
  content: `{"job_id": "${id}", "schedule": "@daily", "task": {"type": "execute_command", "command": "x"}}`,
});

test("a set is the same whatever the order of its files", async () => {
  const files = [
    toml("b.toml", "z", "b"),
    json("jobs.d/a.json", "a"),
    { file: "c", kind: "crontab", content: "@daily x" } as const,
  ];
  const set = await readSet(files);
  expect(await readSet(files.toReversed())).toEqual(set);
  if (!set.isValid) throw new Error(JSON.stringify(set.problems));
  expect(set.jobs.map(({ id }) => id.replace(/c-x-.*/, "c-x"))).toEqual(["a", "b", "c-x", "z"]);
  const commented = await readSet([
    { ...files[0], content: `# new\n${String(files[0]?.content)}` } as SetFile,
    ...files.slice(1),
  ]);
  expect(commented).toMatchObject({ isValid: true, digest: set.digest });
  expect(await readSet(files.slice(1))).not.toMatchObject({ digest: set.digest });
});

test("one error refuses the whole set", async () => {
  const broken = { ...json("b.json", "b"), content: "{" };
  const set = await readSet([toml("a.toml", "a"), broken]);
  expect(set).toMatchObject({ isValid: false, problems: [{ file: "b.json", code: "SYNTAX" }] });
  expect(set).not.toHaveProperty("jobs");
});

test("one id twice is told in both places", async () => {
  const { isValid, problems } = await readSet([
    toml("a.toml", "x", "y"),
    json("jobs.d/y.json", "y"),
  ]);
  expect(isValid).toBe(false);
  expect(problems).toMatchObject([
    {
      file: "a.toml",
      line: 5,
      code: "DUPLICATE_ID",
      message: 'Job "y" is also in jobs.d/y.json:1.',
    },
    {
      file: "jobs.d/y.json",
      line: 1,
      code: "DUPLICATE_ID",
      message: 'Job "y" is also in a.toml:5.',
    },
  ]);
});

test("one file twice, and too many files, are refused", async () => {
  const twice = await readSet([json("a.json", "a"), json("a.json", "b")]);
  expect(twice).toMatchObject({ isValid: false, problems: [{ code: "DUPLICATE_FILE" }] });
  const many = await readSet(
    Array.from({ length: MAX_FILES + 1 }, (_, i) => json(`${i}.json`, `${i}`)),
  );
  expect(many).toMatchObject({ isValid: false, problems: [{ code: "TOO_MANY_FILES" }] });
});

test("too many jobs are refused", async () => {
  const crontab = "@daily x\n".repeat(26_000);
  const files = Array.from(
    { length: 4 },
    (_, i) => ({ file: `c${i}`, kind: "crontab", content: crontab }) as const,
  );
  expect(await readSet(files)).toMatchObject({
    isValid: false,
    problems: [{ code: "TOO_MANY_JOBS" }],
  });
});

test("warnings refuse nothing", async () => {
  const set = await readSet([{ file: "c", kind: "crontab", content: "MAILTO=x\n@daily x" }]);
  expect(set).toMatchObject({ isValid: true, problems: [{ code: "IGNORED" }] });
});
