// `cronduit/tasks`: pipelines that come with the package: a command, a script, an HTTP request, a function of a module.
import "./core/bundled-require.ts";
export { CronduitError } from "./core/errors.ts";
export { createTasks, type Task, type Tasks } from "./tasks/create-tasks.ts";
export type { CommandParams } from "./tasks/command-task.ts";
export type { FunctionParams } from "./tasks/function-task.ts";
export type { HttpParams, HttpResult } from "./tasks/http/http-task.ts";
export type { ProgramOptions, ProgramResult } from "./tasks/program/program-options.ts";
export type { ScriptParams } from "./tasks/script-task.ts";
export { TaskError } from "./tasks/task-error.ts";
export type { HttpSettings, TaskSettings } from "./tasks/task-settings.ts";
