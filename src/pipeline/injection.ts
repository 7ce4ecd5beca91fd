// This import must come before the next one.
import "./reflect.ts";
import { container as rootContainer, delay, type DependencyContainer, Lifecycle } from "tsyringe";
import { CronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import type { PipelineDescriptor } from "./pipeline-definition.ts";
import { type InjectedParameter, isInjectedParameter } from "./injected-parameters.ts";
import type { Pipeline } from "./pipeline.ts";
import type { ParamsSchema } from "./params-schema.ts";
import { describeToken, type DependencyToken } from "./token.ts";

// Re-exported so that nobody needs to import tsyringe, which throws if it is loaded before reflect-metadata.
export { container, type DependencyContainer, Lifecycle } from "tsyringe";

/**
 * Names a class that is not defined yet, such as one that depends on this one in turn: tsyringe's `delay`.
 * @example definePipeline(Report, { deps: [lazyToken(() => Database)] })
 * @throws {@link CronduitError} `INVALID_PIPELINE` for anything but a function.
 */
export const lazyToken: typeof delay = (wrapped) => {
  if (typeof wrapped === "function") return delay(wrapped);
  throw new CronduitError(
    "INVALID_PIPELINE",
    `lazyToken: ${shown(wrapped)} is no function that returns a class. Write lazyToken(() => Database).`,
  );
};

/** Makes a container that inherits from tsyringe's global one and keeps its own registrations to itself. */
export function createContainer(): DependencyContainer {
  return rootContainer.createChildContainer();
}

/** Builds the pipelines of one run, and disposes of what was built for it. */
export interface RunContainer extends AsyncDisposable {
  /** For registrations that only this run has. */
  readonly container: DependencyContainer;
  /**
   * Builds an instance with its dependencies.
   * @throws {@link CronduitError} `INVALID_PIPELINE` if a dependency can't be resolved. Errors of the constructor pass
   * through.
   */
  create(pipeline: PipelineDescriptor): Pipeline<ParamsSchema>;
  /**
   * Calls `dispose()` on everything that was built for this run and has that method, in reverse order; singletons stay.
   * Does nothing the second time.
   * @throws AggregateError if some could not be disposed of; all the others were.
   */
  dispose(): Promise<void>;
}

/**
 * Makes the container of one run.
 * @param parent - The container that the run's container inherits from.
 * @default tsyringe's global `container`
 */
export function createRunContainer(parent: DependencyContainer = rootContainer): RunContainer {
  const container = parent.createChildContainer();
  const built: unknown[] = [];
  const dispose = async (): Promise<void> => {
    const mine = [...releaseRunScoped(container, parent), ...built.splice(0)];
    await container.dispose();
    await disposeAll(mine.toReversed());
  };
  return {
    container,
    create(pipeline) {
      const dependencies = pipeline.deps.map((token, i) =>
        resolveDependency(container, token, `Dependency ${i + 1} of pipeline "${pipeline.name}"`),
      );
      const instance = new pipeline.pipeline(...(dependencies as never[]));
      built.push(instance);
      return instance;
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function resolveDependency(
  container: DependencyContainer,
  dependency: DependencyToken | InjectedParameter,
  subject: string,
): unknown {
  const token = isInjectedParameter(dependency) ? dependency.token : dependency;
  try {
    return isInjectedParameter(dependency)
      ? resolveParameter(container, dependency)
      : resolve(container, token);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CronduitError(
      "INVALID_PIPELINE",
      `${subject} (${describeToken(token)}) can't be resolved: ${reason}. Register it in the container.`,
      { data: { token: describeToken(token) }, cause: error },
    );
  }
}

function resolve(container: DependencyContainer, token: DependencyToken): unknown {
  return container.resolve(token as Parameters<DependencyContainer["resolve"]>[0]);
}

/** Resolves a parameter as tsyringe does for a class that it builds itself. */
function resolveParameter(container: DependencyContainer, parameter: InjectedParameter): unknown {
  const { token, multiple, isOptional, transform, transformArgs = [] } = parameter;
  const key = token as Parameters<DependencyContainer["resolve"]>[0];
  const isAbsent = isOptional === true && !container.isRegistered(key, true);
  const none = multiple === true ? [] : undefined;
  const found = isAbsent
    ? none
    : multiple === true
      ? container.resolveAll(key)
      : container.resolve(key);
  if (transform === undefined) return found;
  const transformer = resolve(container, transform) as {
    transform(value: unknown, ...args: readonly unknown[]): unknown;
  };
  return transformer.transform(found, ...transformArgs);
}

/** The parts of tsyringe's container that it doesn't declare, as of 4.10. */
interface ContainerParts {
  readonly disposables?: Set<unknown>;
  readonly parent?: DependencyContainer;
  readonly _registry?: {
    entries(): Iterable<
      [
        unknown,
        readonly {
          readonly options: { readonly lifecycle: Lifecycle };
          readonly instance?: unknown;
        }[],
      ]
    >;
  };
}

/**
 * Takes what a run's container would dispose of, and returns the singletons among it to the containers that own them.
 * tsyringe assigns every object to the container through which it was first resolved, so disposing of a run's container
 * would destroy a singleton (a connection pool, say) that the first run happened to build.
 */
function releaseRunScoped(container: DependencyContainer, parent: DependencyContainer): unknown[] {
  const { disposables } = container as ContainerParts;
  if (disposables === undefined || disposables.size === 0) return [];
  const instances = [...disposables];
  disposables.clear();
  const owners = new Map<unknown, DependencyContainer>();
  for (const owner of lineage(parent))
    for (const singleton of singletonsOf(owner)) owners.set(singleton, owner);
  return instances.filter((instance) => {
    const owner = owners.get(instance);
    (owner as ContainerParts | undefined)?.disposables?.add(instance);
    return owner === undefined;
  });
}

function* lineage(container: DependencyContainer): Generator<DependencyContainer> {
  for (
    let at: DependencyContainer | undefined = container;
    at !== undefined;
    at = (at as ContainerParts).parent
  )
    yield at;
}

function* singletonsOf(container: DependencyContainer): Generator {
  // oxlint-disable-next-line no-underscore-dangle -- tsyringe's name
  for (const [, registrations] of (container as ContainerParts)._registry?.entries() ?? [])
    for (const { options, instance } of registrations)
      if (options.lifecycle === Lifecycle.Singleton && instance !== undefined) yield instance;
}

/** One failure must not keep the others from being disposed of. */
async function disposeAll(instances: readonly unknown[]): Promise<void> {
  const errors: unknown[] = [];
  for (const instance of instances) {
    try {
      // One after the other, like `await using`: what was built later may need what was built earlier.
      await (instance as { dispose?: () => unknown }).dispose?.();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0)
    throw new AggregateError(
      errors,
      `${errors.length} of a run's dependencies could not be disposed of`,
    );
}
