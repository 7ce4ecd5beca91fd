import { CronduitError, isCronduitError } from "../core/errors.ts";
import {
  classOf,
  describePipeline,
  type PipelineDescriptor,
  type PipelineOptions,
} from "./pipeline-definition.ts";
import type { Pipeline, PipelineClass, PipelineConstructor } from "./pipeline.ts";
import type { ParamsSchema } from "./params-schema.ts";

/** A class to register under another name, or with another schema or other dependencies, than its own. */
export interface PipelineEntry extends PipelineOptions {
  readonly pipeline: PipelineConstructor;
}

/** What a registry accepts: a pipeline class, an instance, or an entry. */
export type Registrable = PipelineClass | Pipeline<ParamsSchema> | PipelineEntry;

/** The pipelines that one scheduler or worker knows, by name. */
export class PipelineRegistry {
  // A Map rather than an object: `__proto__` is a name like any other.
  readonly #byName = new Map<string, PipelineDescriptor>();

  /** @param where Whose option `pipelines` it is, for errors, such as `new PipelineWorker`. */
  constructor(pipelines: Iterable<Registrable> = [], where = "pipelines") {
    for (const [place, pipeline] of [...pipelines].entries()) {
      try {
        this.register(pipeline);
      } catch (error) {
        throw isCronduitError(error) ? atPlace(error, place, where) : error;
      }
    }
  }

  /**
   * Adds a pipeline; adding the same class twice is harmless.
   * @throws {@link CronduitError} `INVALID_PIPELINE` if it is not a pipeline, has no valid name, or if another class
   * has the same name.
   */
  register(pipeline: Registrable): PipelineDescriptor {
    const descriptor = isEntry(pipeline)
      ? describePipeline(pipeline.pipeline, pipeline)
      : describePipeline(pipeline);
    const known = this.#byName.get(descriptor.name);
    if (known !== undefined && known.pipeline !== descriptor.pipeline)
      throw new CronduitError(
        "INVALID_PIPELINE",
        `Two different pipeline classes have the name "${descriptor.name}". Give one of them another pipelineName.`,
        { data: { pipelineName: descriptor.name } },
      );
    this.#byName.set(descriptor.name, descriptor);
    return descriptor;
  }

  /** The pipeline with that name; `undefined` if it is not registered here. */
  get(name: string): PipelineDescriptor | undefined {
    return this.#byName.get(name);
  }

  /** Whether a pipeline with that name is registered here. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** All names, in the order of registration. */
  names(): string[] {
    return [...this.#byName.keys()];
  }

  /**
   * The name by which jobs refer to a pipeline. A class or instance need not be registered.
   * @throws {@link CronduitError} `UNKNOWN_PIPELINE` for a name that is not registered; `INVALID_PIPELINE` for anything
   * other than a name, class or instance, or for one without a valid name.
   */
  nameOf(pipeline: PipelineConstructor | Pipeline<ParamsSchema> | string): string {
    if (typeof pipeline === "string") {
      if (this.has(pipeline)) return pipeline;
      throw new CronduitError("UNKNOWN_PIPELINE", this.#unknown(pipeline), {
        data: { pipelineName: pipeline },
      });
    }
    const owner = classOf(pipeline);
    const registered = [...this.#byName.values()].filter((known) => known.pipeline === owner);
    // A class that is registered once, as an entry, goes by the entry's name.
    return registered.length === 1 && registered[0] !== undefined
      ? registered[0].name
      : describePipeline(pipeline).name;
  }

  #unknown(name: string): string {
    const known = this.names().slice(0, 10).join(", ");
    return `No pipeline "${name.slice(0, 200)}" is registered here. ${known === "" ? "Pass its class in" : `Known pipelines: ${known}. Add its class to`} \`pipelines\`.`;
  }
}

function atPlace({ code, message, data }: CronduitError, place: number, where: string) {
  const path = `pipelines.${place}`;
  return new CronduitError(code, `${where}, option "${path}": ${message}`, {
    data: { ...data, path },
  });
}

function isEntry(value: Registrable): value is PipelineEntry {
  return (
    typeof value === "object" &&
    value !== null &&
    classOf(value) === undefined &&
    "pipeline" in value
  );
}
