import type { Command } from "commander";
import type { SettingName } from "../../config/settings/settings-schema.ts";
import { type CommandContext, withSettings } from "../command-context.ts";

const WORK = ["concurrency", "queues", "drain", "pipelines"] as const satisfies SettingName[];
const TASKS = [
  "taskInherit",
  "taskSecrets",
  "taskHttpHosts",
  "taskFunctions",
] as const satisfies SettingName[];
const LOGS = [
  "logLevel",
  "logFormat",
  "logDir",
  "logMaxSize",
  "logKeep",
] as const satisfies SettingName[];
const FILES = ["jobsDir", "crontab", "systemCrontab", "source"] as const satisfies SettingName[];
const LISTENING = ["port", "host", "basePath"] as const satisfies SettingName[];
const PEOPLE = [
  "publicUrl",
  "trustProxy",
  "allowCommands",
  "jwtSecret",
  "issuer",
  "issuerJwksUrl",
  "issuerAudience",
  "issuerAdmins",
  "issuerEditors",
  "issuerViewers",
] as const satisfies SettingName[];

/** `cronduit dev`, `cronduit start` and `cronduit worker` */
export function declareDaemon(program: Command, context: CommandContext): void {
  withSettings(
    program
      .command("dev")
      .description("Run the jobs of this folder and see what becomes of them, in one process.")
      .option("--memory", "Keep nothing: jobs and history end with the process.")
      .option("--speed <times>", "Let time pass faster, such as 60x; in memory.")
      .option("--at <time>", "Begin at another time; in memory.")
      .addHelpText(
        "after",
        `
Examples:
  cronduit dev                                        # here; writes two example jobs if there are none
  cronduit dev --memory --speed 60x                   # an hour in a minute
  cronduit dev --at "2026-03-29 01:55" --speed 10x    # how jobs meet the change of clocks`,
      ),
    [...FILES, "timezone", "port", "host", "concurrency", "queues", "drain", "pipelines", ...TASKS],
  ).action(context.does(() => import("./daemon/dev.ts")));
  withSettings(
    program
      .command("start")
      .description("Run the jobs of files, until it is told to stop: the daemon.")
      .addHelpText(
        "after",
        `
Examples:
  cronduit start --jobs-dir ./jobs.d --log-level INFO
  cronduit start --connection redis://127.0.0.1 --port 4780 --log-format json
  cronduit start --connection postgres://127.0.0.1/app --scheduler-only`,
      ),
    [
      ...FILES,
      ...LOGS,
      ...WORK,
      "workerOnly",
      "schedulerOnly",
      "timezone",
      ...LISTENING,
      ...PEOPLE,
      ...TASKS,
    ],
  ).action(context.does(() => import("./daemon/start.ts")));
  withSettings(
    program
      .command("worker")
      .description("Execute runs of a fleet on a server, and nothing else.")
      .addHelpText(
        "after",
        `
Examples:
  cronduit worker --connection redis://10.0.0.5 --concurrency 50
  cronduit worker --queues reports,mail --port 4781     # /api/health/live and /ready`,
      ),
    [...WORK, ...LOGS, ...LISTENING, ...TASKS],
  ).action(context.does(() => import("./daemon/worker.ts")));
}
