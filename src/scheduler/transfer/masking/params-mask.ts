import { CronduitError, isCronduitError } from "../../../core/errors.ts";
import { copyJson } from "../../../pipeline/json.ts";
import { DEFAULT_MAX_PARAMS_BYTES, validateParams } from "../../../pipeline/params.ts";
import type { PipelineDescriptor } from "../../../pipeline/pipeline-definition.ts";
import { joinPaths, secretPlacesOf } from "../../../pipeline/secrets/secret-places.ts";
import type { SecretPath } from "../../../pipeline/secrets/secret-paths.ts";
import { KnownValues } from "./known-values.ts";
import type { MaskSettings } from "./mask-options.ts";
import { type MaskPlan, MaskedValues } from "./masked-values.ts";
import type { Pseudonyms } from "./pseudonyms.ts";
import { SchemaPlace } from "./schema-place.ts";

const MAX_DEPTH = 64;
const EVERYTHING: readonly SecretPath[] = [[]];

/** A job, as far as its params are concerned. */
export interface ParamsOwner {
  readonly jobId: string;
  readonly pipeline: string;
  /** Where its secrets are; absent for a removed job, of which nobody knows. */
  readonly secrets: readonly SecretPath[] | undefined;
}

/** Masks the params of one job. */
export class ParamsMask {
  /** What was replaced. */
  readonly known = new KnownValues();
  readonly #settings: MaskSettings;
  readonly #owner: ParamsOwner;
  readonly #descriptor: PipelineDescriptor | undefined;
  readonly #values: MaskedValues;
  readonly #plan: MaskPlan;

  constructor(
    settings: MaskSettings,
    pseudonyms: Pseudonyms,
    owner: ParamsOwner,
    descriptor: PipelineDescriptor | undefined,
  ) {
    this.#settings = settings;
    this.#owner = owner;
    this.#descriptor = descriptor;
    this.#values = new MaskedValues(pseudonyms, this.known);
    const ofSchema = secretPlacesOf(descriptor?.params).input;
    this.#plan = {
      isAll: settings.parts.has("params"),
      secrets: owner.secrets ? joinPaths(owner.secrets, ofSchema) : EVERYTHING,
      place: SchemaPlace.of(descriptor?.params),
    };
  }

  /** @throws {@link CronduitError} `UNMASKABLE_STATE` */
  async mask(params: unknown): Promise<unknown> {
    if (params === undefined || params === null) return params;
    const masked = this.#byFunction(params, this.#values.mask(params, this.#plan));
    await this.#refuseMisfit(params, masked);
    return masked;
  }

  #byFunction(params: unknown, masked: unknown): unknown {
    const { maskParams } = this.#settings;
    const { jobId, pipeline, secrets } = this.#owner;
    if (!maskParams || !secrets) return masked;
    const open = this.#values.mask(params, { ...this.#plan, isAll: false });
    const given = maskParams(open, { jobId, pipeline, masked });
    const copy = copyJson(given, { maxBytes: DEFAULT_MAX_PARAMS_BYTES, maxDepth: MAX_DEPTH });
    if (!copy.ok) {
      const { path, problem } = copy.problem;
      throw this.#refused(`maskParams returned what is no JSON: ${path || "the value"} ${problem}`);
    }
    // What the function leaves as it is may be seen elsewhere too.
    this.known.forget(copy.value);
    return copy.value;
  }

  /** Params that the pipeline refuses would fail each run. Those that it refused before may stay wrong. */
  async #refuseMisfit(params: unknown, masked: unknown): Promise<void> {
    const descriptor = this.#descriptor;
    if (!descriptor || !this.#owner.secrets) return;
    const problem = await misfitOf(descriptor, masked);
    if (!problem || (await misfitOf(descriptor, params))) return;
    throw this.#refused(
      `${problem.message.replace(/\.$/, "")}, now that they are masked. Give maskParams, which returns valid ones`,
      problem.data,
    );
  }

  #refused(problem: string, data: object = {}): CronduitError {
    const { jobId } = this.#owner;
    return new CronduitError("UNMASKABLE_STATE", `exportState, job "${jobId}": ${problem}.`, {
      data: { ...data, jobId },
    });
  }
}

async function misfitOf(
  descriptor: PipelineDescriptor,
  params: unknown,
): Promise<CronduitError | undefined> {
  try {
    await validateParams(descriptor, params);
    return undefined;
  } catch (error) {
    if (isCronduitError(error)) return error;
    throw error;
  }
}
