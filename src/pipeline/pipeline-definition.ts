import { shown } from "../core/shown.ts";
import { CronduitError } from "../core/errors.ts";
import type { Defined, DepsFit, SchemaFits } from "./class-fit.ts";
import { type InjectedParameter, injectedParameters } from "./injected-parameters.ts";
import type { DependencyToken } from "./token.ts";
import { isPipelineClass, isSchema, type Pipeline, type PipelineConstructor } from "./pipeline.ts";
import type { ParamsSchema } from "./params-schema.ts";

/** What {@link pipeline} and {@link definePipeline} can set for a class instead of its static fields. */
export interface PipelineOptions<
  P extends ParamsSchema = ParamsSchema,
  D extends readonly DependencyToken[] | undefined = readonly DependencyToken[] | undefined,
> {
  /**
   * The name by which jobs refer to the pipeline. Set it if code is minified, which changes class names.
   * @default the class's `pipelineName`, else its name
   */
  readonly name?: string | undefined;
  /**
   * The schema of its params.
   * @default the class's `params`
   */
  readonly params?: P;
  /**
   * Tokens of the constructor's parameters, in order.
   * @default the class's `deps`
   */
  readonly deps?: D;
  /**
   * Where a child process finds the pipeline.
   * @default the class's own `module`, if it has one
   */
  readonly source?: PipelineSource | undefined;
  /**
   * Whether its params can execute code, such as a command line; see `Pipeline.executesCode`.
   * @default the class's `executesCode`
   */
  readonly executesCode?: boolean | undefined;
}

/** The module that exports a pipeline, or a function that does a job's work. */
export interface PipelineSource {
  /** A `file:` URL such as `import.meta.url`, or anything else that `import()` accepts from anywhere. */
  readonly module: string;
  /** The name of the export. Absent: whichever export is a pipeline with the same name. */
  readonly export?: string | undefined;
}

/** A fully resolved pipeline, as a registry holds it. */
export interface PipelineDescriptor {
  readonly name: string;
  readonly pipeline: PipelineConstructor;
  readonly params: ParamsSchema;
  /** Its constructor's dependencies: the listed tokens, else what tsyringe's decorators declare. */
  readonly deps: readonly (DependencyToken | InjectedParameter)[];
  /** Absent if it can only run in a process that knows the class. */
  readonly source?: PipelineSource;
  /** Whether its params can execute code. */
  readonly executesCode?: true;
}

/** The classes that options with these params can describe: those with the same schema, or any if none was given. */
type ClassFor<P extends ParamsSchema> = abstract new (
  ...args: never[]
) => Pipeline<[P] extends [undefined] ? ParamsSchema : P>;

/** Where a class keeps its options; also found when a program has loaded two copies of this package. */
const OPTIONS = Symbol.for("cronduit.pipelineOptions");

const MAX_NAME = 200;

/**
 * Describes a pipeline class without a decorator.
 *
 * ```ts
 * definePipeline(NightlyReport, { name: "nightly-report", deps: [Database, MAILER] });
 * ```
 *
 * @returns The class itself, with the given `params`.
 * @throws {@link CronduitError} `INVALID_PIPELINE` if the class doesn't extend `Pipeline`, or the name is invalid.
 */
export function definePipeline<
  C extends ClassFor<P>,
  P extends ParamsSchema = undefined,
  const D extends readonly DependencyToken[] | undefined = undefined,
>(target: C & DepsFit<C, D> & SchemaFits<C, P>, options: PipelineOptions<P, D>): Defined<C, P> {
  if (!isPipelineClass(target)) throw notAPipeline(target);
  if (options.name !== undefined) checkName(options.name);
  Object.defineProperty(target, OPTIONS, { value: { ...options }, configurable: true });
  if (options.params !== undefined)
    Object.defineProperty(target, "params", { value: options.params, configurable: true });
  return target as C as Defined<C, P>;
}

/**
 * Class decorator that describes a pipeline; works with TypeScript's `experimentalDecorators` and with standard
 * decorators. The schema must be in the class, since a decorator can't tell the compiler about it.
 *
 * ```ts
 * @pipeline({ name: "nightly-report", deps: [Database, MAILER] })
 * class NightlyReport extends Pipeline.with(Params) { … }
 * ```
 *
 * @throws {@link CronduitError} `INVALID_PIPELINE` as {@link definePipeline}.
 */
export function pipeline<const D extends readonly DependencyToken[] | undefined = undefined>(
  options: Omit<PipelineOptions<undefined, D>, "params"> = {},
): <C extends ClassFor<undefined>>(
  target: C & DepsFit<C, D> & SchemaFits<C>,
  context?: unknown,
) => void {
  return (target) => {
    definePipeline<typeof target, undefined, D>(target, options);
  };
}

/**
 * Resolves a pipeline's name, schema and dependencies. `given` takes precedence over the options attached to the class,
 * and those over its static fields. Schema and dependencies are inherited from a parent class, the name is not.
 * @throws {@link CronduitError} `INVALID_PIPELINE` if `target` is not a pipeline, has no valid name, or lists fewer
 * dependencies than its constructor takes.
 */
export function describePipeline(target: unknown, given: PipelineOptions = {}): PipelineDescriptor {
  const owner = classOf(target);
  if (owner === undefined) throw notAPipeline(target);
  const ownName = Object.hasOwn(owner, "pipelineName") ? owner.pipelineName : undefined;
  const name: unknown = given.name ?? ownOptions(owner)?.name ?? ownName ?? owner.name;
  checkName(name);
  const params = given.params ?? nearest(owner, "params");
  if (params !== undefined && !isSchema(params))
    throw invalid(`The params of pipeline "${name}" are not a zod schema.`, name);
  const deps = given.deps ?? nearest(owner, "deps") ?? injectedDeps(name, owner);
  checkDeps(name, owner, deps);
  const source = given.source ?? ownOptions(owner)?.source ?? ownModule(owner);
  const executesCode = given.executesCode ?? nearest(owner, "executesCode") ?? false;
  if (typeof executesCode !== "boolean")
    throw invalid(`executesCode of pipeline "${name}" must be true or false.`, name);
  const descriptor = {
    name,
    pipeline: owner,
    params,
    deps,
    ...(executesCode ? { executesCode } : {}),
  };
  if (source === undefined) return descriptor;
  if (typeof source.module !== "string" || source.module === "")
    throw invalid(
      `The module of pipeline "${name}" must be a string, such as import.meta.url.`,
      name,
    );
  return { ...descriptor, source };
}

/** Not inherited, because a subclass may be in another module than its parent. */
function ownModule(owner: PipelineConstructor): PipelineSource | undefined {
  return Object.hasOwn(owner, "module") && owner.module !== undefined
    ? { module: owner.module }
    : undefined;
}

/**
 * Where a child process finds a pipeline.
 * @throws {@link CronduitError} `MISSING_MODULE` if that is unknown.
 */
export function sourceOf({ name, source }: PipelineDescriptor): PipelineSource {
  if (source !== undefined) return source;
  throw new CronduitError(
    "MISSING_MODULE",
    `Pipeline "${name}" can't run in a child process, because the module that exports it is unknown. Write \`static readonly module = import.meta.url\` in the class, or use defineJob({ module, export }).`,
    { data: { pipelineName: name } },
  );
}

/** The dependencies that tsyringe's decorators declare for a class that lists none. */
function injectedDeps(
  name: string,
  owner: PipelineConstructor,
): readonly (DependencyToken | InjectedParameter)[] {
  return (injectedParameters(owner) ?? []).map((parameter, i) => {
    if (parameter !== undefined) return parameter;
    throw invalid(
      `Parameter ${i + 1} of the constructor of pipeline "${name}" has no token: it has no @inject(token), and its type is not a class that the compiler emits. Add @inject(token), or list the tokens of all parameters in deps.`,
      name,
    );
  });
}

function checkDeps(name: string, owner: PipelineConstructor, deps: readonly unknown[]): void {
  if (!Array.isArray(deps)) throw invalid(`The deps of pipeline "${name}" are not a list.`, name);
  const unusable = deps.findIndex((token) => token === undefined || token === null);
  if (unusable >= 0)
    throw invalid(
      `Dependency ${unusable + 1} of pipeline "${name}" is ${String(deps[unusable])}. If two files import each other, use delay(() => Class).`,
      name,
    );
  // `length` excludes parameters with a default and those of an inherited constructor.
  if (deps.length < owner.length)
    throw invalid(
      `The constructor of pipeline "${name}" takes ${owner.length} arguments, but deps lists ${deps.length}. The worker builds each run's instance from that list; write \`static readonly deps = [TokenA, TokenB] as const\`, or tsyringe's @inject(token) before each parameter.`,
      name,
    );
}

/** The class of a pipeline class or instance; `undefined` if `target` is neither. */
export function classOf(target: unknown): PipelineConstructor | undefined {
  if (isPipelineClass(target)) return target;
  if (typeof target !== "object" || target === null) return undefined;
  const owner: unknown = target.constructor;
  return isPipelineClass(owner) ? owner : undefined;
}

function ownOptions(owner: object): PipelineOptions | undefined {
  return Object.hasOwn(owner, OPTIONS)
    ? (Reflect.get(owner, OPTIONS) as PipelineOptions)
    : undefined;
}

/**
 * The first definition from the class up through its ancestors; at each level options take precedence over static
 * fields.
 */
function nearest<K extends "params" | "deps" | "executesCode">(
  owner: PipelineConstructor,
  key: K,
): PipelineConstructor[K] {
  for (let at: unknown = owner; typeof at === "function"; at = Object.getPrototypeOf(at)) {
    const option = ownOptions(at)?.[key];
    if (option !== undefined) return option as PipelineConstructor[K];
    if (Object.hasOwn(at, key)) return (at as unknown as PipelineConstructor)[key];
  }
  return undefined;
}

function checkName(name: unknown): asserts name is string {
  if (typeof name !== "string") throw invalid("A pipeline's name must be a string.");
  // "default" is the name of an anonymous class that is a module's default export.
  if (name.trim() === "" || name === "default")
    throw invalid(
      "The pipeline's class has no name. Name the class, or set pipelineName or the option name.",
    );
  if (name.length > MAX_NAME || /\p{Cc}|\p{Surrogate}/u.test(name))
    throw invalid(
      `The pipeline's name ${JSON.stringify(name.slice(0, 40))} must have at most ${MAX_NAME} characters and no control characters.`,
    );
}

function notAPipeline(target: unknown): CronduitError {
  if (typeof target === "function" && !isClass(target)) {
    const { name } = target;
    const job = `{ name: "${name || "…"}", run: ${name || "…"} }`;
    return invalid(
      `The function "${name || "(anonymous)"}" is not a pipeline. Turn it into one with defineJob(${job}), or extend Pipeline in a class.`,
    );
  }
  if (typeof target === "string")
    return invalid(`${shown(target)} is a name, and not a pipeline. Give the class itself.`);
  const what =
    typeof target === "function" ? `The class "${target.name || "(anonymous)"}"` : shown(target);
  return invalid(`${what} is not a pipeline. Extend Pipeline and write a run method.`);
}

function isClass(target: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(target));
}

function invalid(message: string, pipelineName?: string): CronduitError {
  return new CronduitError("INVALID_PIPELINE", message, {
    data: pipelineName === undefined ? {} : { pipelineName },
  });
}
