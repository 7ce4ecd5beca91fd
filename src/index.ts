export {
  ConflictingIdError,
  CronduitError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorData,
  isCronduitError,
  JobLookupError,
  TriggerError,
} from "./core/errors.ts";
export {
  definePipeline,
  type DepsFit,
  describePipeline,
  pipeline,
  type PipelineDescriptor,
  type PipelineOptions,
} from "./pipeline/definition.ts";
export {
  container,
  createContainer,
  createRunContainer,
  delay,
  type DependencyContainer,
  Lifecycle,
  type RunContainer,
} from "./pipeline/injection.ts";
export type { JsonValue } from "./pipeline/json.ts";
export { validateParams, type ValidParams } from "./pipeline/params.ts";
export { type Token, createToken, type DependencyToken } from "./pipeline/token.ts";
export { Pipeline, type PipelineClass } from "./pipeline/pipeline.ts";
export type {
  LogFields,
  PreviousRun,
  RunContext,
  RunLog,
  RunTrigger,
} from "./pipeline/run-context.ts";
export type { ParamsInput, ParamsOutput, ParamsSchema } from "./pipeline/schema.ts";
