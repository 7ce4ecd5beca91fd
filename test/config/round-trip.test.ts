// What is written to a file is what is read from it.
import fc from "fast-check";
import { stringify } from "smol-toml";
import { expect, test } from "vitest";
import { readJobFile } from "../../src/config/read-job-file.ts";
import { readToml } from "../../src/config/read-toml.ts";
import { asOptions, rulesInFiles, schedules } from "./written-jobs.ts";

const jobs = fc.tuple(rulesInFiles, schedules).map(([rules, [words, trigger]]) => {
  const { timezone, jitter, ...rest } = rules;
  // By hand there is nothing to move.
  const common = trigger["trigger"] === "manual" ? { timezone } : { timezone, jitter };
  const defined = Object.entries({ ...rest, ...common }).filter(([, value]) => value !== undefined);
  return { rules: Object.fromEntries(defined), words, trigger };
});
const command = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 60 })
  .filter((text) => !text.includes("\0"));

test("a random job survives TOML and JSON, with the same options in both", () => {
  fc.assert(
    fc.property(jobs, command, ({ rules, words, trigger }, line) => {
      const options = { id: "job-1", ...(asOptions(rules) as object), ...trigger };
      const fields = { ...words, ...rules };
      const toml = stringify({ jobs: { "job-1": { type: "BASH", command: line, ...fields } } });
      const fromToml = readToml(toml, "a.toml");
      expect(fromToml.problems).toEqual([]);
      expect(fromToml.jobs.map((job) => job.options)).toEqual([options]);
      expect(fromToml.jobs[0]?.task).toEqual({ type: "script", interpreter: "BASH", script: line });
      const task = { type: "execute_command", command: line };
      const fromJson = readJobFile(JSON.stringify({ job_id: "job-1", task, ...fields }), "a.json");
      expect(fromJson.problems).toEqual([]);
      expect(fromJson.jobs.map((job) => job.options)).toEqual([options]);
    }),
  );
});

test("comments, blanks and the order of keys change no digest; a value does", () => {
  const digestOf = (text: string) => readToml(text, "a.toml").jobs[0]?.digest;
  const plain = digestOf('[jobs.a]\ntype = "BASH"\ncommand = "x"\nschedule = "@daily"\n');
  const other = digestOf(
    '# why\n\n[jobs.a] # here\nschedule   = \'@daily\'\r\ncommand="x"\ntype="BASH"',
  );
  expect(plain).toBeDefined();
  expect(other).toBe(plain);
  expect(digestOf('[jobs.a]\ntype = "BASH"\ncommand = "y"\nschedule = "@daily"\n')).not.toBe(plain);
});

test("params are left as they are, with any names", () => {
  const { jobs: read, problems } = readJobFile(
    '{"job_id":"a","schedule":"@daily","pipeline":"Mail","params":{"maxSize":1,"max_size":[{"A_b":null}],"__proto__":2}}',
    "a.json",
  );
  expect(problems).toEqual([]);
  expect(JSON.stringify(read[0]?.options["params"])).toBe(
    '{"maxSize":1,"max_size":[{"A_b":null}],"__proto__":2}',
  );
  expect(read[0]?.task).toEqual({ type: "pipeline", name: "Mail" });
});
