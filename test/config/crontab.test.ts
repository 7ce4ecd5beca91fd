// Crontabs by the rules of crontab(5), and what is told of those that break them.
import fc from "fast-check";
import { expect, test } from "vitest";
import { divideCommand } from "../../src/config/crontab/entry.ts";
import { readVariable } from "../../src/config/crontab/variables.ts";
import { CrontabReader } from "../../src/config/crontab/crontab-reader.ts";
import { SecondOpinion } from "../../src/config/crontab/second-opinion.ts";
import { readSource } from "../../src/config/source/read-source.ts";
import { readCrontab } from "../../src/config/crontab/read-crontab.ts";

const user = (text: string) => readCrontab(text, "crontab", { system: false });
const system = (text: string) => readCrontab(text, "/etc/crontab", { system: true });

test("a crontab of a user, with all that it may have", async () => {
  const { jobs, problems } = await user(
    [
      "# nightly things",
      'SHELL=/bin/bash\nPATH = "/usr/bin:/bin"',
      "GREETING='  hi  '",
      "",
      "30 2 * * 1-5\t/opt/backup.sh --all # not a comment",
      "CRON_TZ=Europe/Berlin",
      "@daily mail -s 100\\% ops%Hello%%World",
    ].join("\n"),
  );
  expect(problems).toEqual([]);
  const env = { PATH: "/usr/bin:/bin", GREETING: "  hi  " };
  expect(jobs.map(({ line, options, task }) => ({ line, options, task }))).toEqual([
    {
      line: 6,
      options: {
        id: expect.stringMatching(/^crontab-backup\.sh-[\da-f]{10}$/) as string,
        trigger: "cron",
        expression: "30 2 * * 1-5",
      },
      task: {
        type: "command",
        command: "/opt/backup.sh --all # not a comment",
        shell: "/bin/bash",
        env,
        how: { cwd: "~" },
      },
    },
    {
      line: 8,
      options: {
        id: expect.stringMatching(/^crontab-mail-/) as string,
        trigger: "cron",
        expression: "@daily",
        timezone: "Europe/Berlin",
      },
      task: {
        type: "command",
        command: "mail -s 100% ops",
        stdin: "Hello\n\nWorld\n",
        shell: "/bin/bash",
        env,
        how: { cwd: "~" },
      },
    },
  ]);
});

test("a crontab of the system names users", async () => {
  const { jobs, problems } = await system(
    "17 * * * *\troot    cd / && run-parts\r\n@hourly www-data /x\n",
  );
  expect(problems).toEqual([]);
  const how = { cwd: "~" };
  expect(jobs.map(({ task }) => task)).toEqual([
    { type: "command", command: "cd / && run-parts", shell: true, user: "root", how },
    { type: "command", command: "/x", shell: true, user: "www-data", how },
  ]);
});

test.each([
  ["a value out of range", "0 0 * * *  a\n 61 8 * * 1-5 b", 2, 2, 4, "INVALID_TRIGGER"],
  ["a later field", "0 25,99 * * * b", 1, 3, 5, "INVALID_TRIGGER"],
  ["too few fields", "0 0 * x", 1, 1, 8, "INVALID_TRIGGER"],
  ["no command", "0 0 * * *", 1, 10, 11, "SYNTAX"],
  ["only input", "0 0 * * * %x", 1, 11, 12, "SYNTAX"],
  ["an unknown macro", "@dayly x", 1, 1, 7, "INVALID_TRIGGER"],
  ["an unknown zone", "CRON_TZ = Europe/Berln", 1, 11, 23, "INVALID_TIMEZONE"],
  ["an open quote", `A = "b`, 1, 5, 7, "SYNTAX"],
  ["text after a quote", `A = "b" c`, 1, 5, 10, "SYNTAX"],
  ["a name with a dash", "A-B = 1", 1, 1, 8, "SYNTAX"],
] as const)("%s is told at its place", async (_, text, line, column, endColumn, code) => {
  const { jobs, problems } = await user(text);
  expect(problems).toEqual([
    expect.objectContaining({ line, column, endColumn, code, severity: "error" }),
  ]);
  expect(jobs).toHaveLength(line - 1);
});

test("a line without a user, and one that is no user, are told where the user belongs", async () => {
  const { problems } = await system("@daily\n0 0 * * * /bin/x y\n");
  expect(problems.map(({ line, column, message }) => [line, column, message])).toEqual([
    [1, 7, "The user is missing."],
    [2, 11, '"/bin/x" is no user.'],
  ]);
});

test("@reboot and MAILTO are told, and refuse nothing", async () => {
  const { jobs, problems } = await user("MAILTO=ops@example.com\n@reboot /x\n");
  expect(problems.map(({ code, severity, line }) => [code, severity, line])).toEqual([
    ["IGNORED", "warning", 1],
    ["NOT_AT_START", "warning", 2],
  ]);
  expect(jobs[0]?.options).toMatchObject({ trigger: "manual" });
  expect(jobs[0]?.task).not.toHaveProperty("env");
});

test("ids stay when lines move or run at other times; the same command gets numbers", async () => {
  const idsOf = async (text: string) => {
    const { jobs } = await user(text);
    return new Map(jobs.map(({ id, options }) => [String(options["expression"]), id]));
  };
  const before = await idsOf("0 1 * * * a\n0 2 * * * b\n0 3 * * * b\n");
  const after = await idsOf("# moved\n0 3 * * * b\n0 2 * * * b\n\n0 9 * * * a\n");
  expect(after.get("0 9 * * *")).toBe(before.get("0 1 * * *"));
  expect(after.get("0 2 * * *")).toBe(before.get("0 2 * * *"));
  expect(after.get("0 3 * * *")).toBe(before.get("0 3 * * *"));
  expect(before.get("0 3 * * *")).toBe(`${String(before.get("0 2 * * *"))}-2`);
  expect((await readCrontab("0 1 * * * a", "other", { system: false })).jobs[0]?.id).not.toBe(
    before.get("0 1 * * *"),
  );
});

test("the same program with other arguments is another job", async () => {
  const { jobs } = await user("0 1 * * * a 1\n0 1 * * * a 2\n");
  const [one = "", two = ""] = jobs.map(({ id }) => id);
  expect(two).not.toBe(one);
  expect(two).not.toBe(`${one}-2`);
});

test("where cron-parser differs without a known rule, there is a warning, once for each line", async () => {
  const text = "0 3 * * * x\n0 3 * * * y\n";
  const contrary = new SecondOpinion(() => {
    let at = 0;
    return () => (at += 7);
  });
  const read = new CrontabReader(readSource(text, "c"), { system: false }, contrary).read();
  expect(read.problems.map(({ code, severity, line }) => [code, severity, line])).toEqual([
    ["CRON_DIFFERS", "warning", 1],
    ["CRON_DIFFERS", "warning", 2],
  ]);
  expect(read.jobs).toHaveLength(2);
  // It combines day and weekday otherwise, which is known.
  expect((await user("0 0 */2 * 1 x\n0 0 1 * 1 x")).problems).toEqual([]);
});

test.each([
  ["a%b", { command: "a", stdin: "b\n" }],
  ["a\\%b", { command: "a%b" }],
  ["a\\\\%b", { command: "a\\\\", stdin: "b\n" }],
  ["a%b\\%c%", { command: "a", stdin: "b%c\n" }],
  ["a\\", { command: "a\\" }],
])("%s is divided as cron does", (text, expected) => {
  expect(divideCommand(text)).toEqual(expected);
});

test("any value survives as a variable in quotes", () => {
  const values = fc.string({ unit: "grapheme" }).filter((text) => !/["\r\n\0]/.test(text));
  fc.assert(
    fc.property(values, fc.constantFrom("", " ", "\t "), (value, gap) => {
      const read = readVariable(`A${gap}=${gap}"${value}"${gap}`);
      expect(read).toMatchObject({ name: "A", value });
    }),
  );
  expect(readVariable("* * * * * x=1")).toBeUndefined();
  expect(readVariable("0 0 * * * x = 1")).toBeUndefined();
});
