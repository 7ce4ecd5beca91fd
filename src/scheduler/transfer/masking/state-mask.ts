import type { PipelineRegistry } from "../../../pipeline/registry.ts";
import type { MaskedPart, StateHeader } from "../../../jobs/state-header.ts";
import type { JobRecord, RemovedJobRecord, RequestRecord } from "../../../jobs/state-record.ts";
import type { SecretPath } from "../../../pipeline/secrets/secret-paths.ts";
import { joinPaths } from "../../../pipeline/secrets/secret-places.ts";
import { JobMask } from "./job-mask.ts";
import type { MaskSettings } from "./mask-options.ts";
import { NamesMask } from "./names-mask.ts";
import { ParamsMask } from "./params-mask.ts";
import { Pseudonyms } from "./pseudonyms.ts";

/** Masks a state, record by record. */
export class StateMask {
  readonly #settings: MaskSettings;
  readonly #registry: Pick<PipelineRegistry, "get">;
  readonly #pseudonyms: Pseudonyms;
  readonly #names: NamesMask;

  /** @param registry Knows the schemas by which masked params are made valid. */
  constructor(settings: MaskSettings, registry: Pick<PipelineRegistry, "get">) {
    this.#settings = settings;
    this.#registry = registry;
    this.#pseudonyms = new Pseudonyms(settings.maskKey);
    this.#names = new NamesMask(settings.parts.has("ids") ? this.#pseudonyms : undefined);
  }

  /** Without the place of the server. */
  header(header: StateHeader): StateHeader {
    const { partial } = header;
    const jobs = partial?.jobs?.map((id) => this.#names.jobId(id));
    return {
      ...header,
      from: header.from.replace(/ at .*$/s, ""),
      masked: [...this.#settings.parts],
      ...(partial && { partial: { ...partial, ...(jobs && { jobs }) } }),
    };
  }

  /**
   * Masks a job with its requests, and prepares to mask what follows it.
   * @throws {@link CronduitError} `UNMASKABLE_STATE`
   */
  async ofJob(
    owner: JobRecord | RemovedJobRecord,
    requests: readonly RequestRecord[],
  ): Promise<JobMask> {
    const isJob = owner.kind === "job";
    const jobId = isJob ? owner.definition.id : owner.jobId;
    const pipeline = isJob ? owner.definition.pipeline : "";
    const params = new ParamsMask(
      this.#settings,
      this.#pseudonyms,
      { jobId, pipeline, secrets: isJob ? secretsOf(owner.definition) : undefined },
      this.#registry.get(pipeline),
    );
    const mask = new JobMask({
      parts: this.#settings.parts,
      pseudonyms: this.#pseudonyms,
      names: this.#names,
      params,
    });
    await mask.begin(owner, requests);
    return mask;
  }
}

/** Where its params have secrets, or those that an override stands in for. */
function secretsOf({ secrets, overrides }: JobRecord["definition"]): readonly SecretPath[] {
  return joinPaths(secrets, overrides?.params?.declared.secrets ?? []);
}

/** The settings of a mask by the options, if one was asked for. */
export function maskSettings(options: {
  readonly mask?: readonly MaskedPart[] | undefined;
  readonly maskParams?: MaskSettings["maskParams"];
  readonly maskKey?: string | undefined;
}): MaskSettings | undefined {
  const { mask, maskParams, maskKey } = options;
  return mask && { parts: new Set(mask), maskParams, maskKey };
}
