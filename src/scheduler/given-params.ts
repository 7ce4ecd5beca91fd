import { CronduitError } from "../core/errors.ts";
import { validateParams, type ValidParams } from "../pipeline/params.ts";
import type { PipelineDescriptor } from "../pipeline/pipeline-definition.ts";
import { MASK, secretsAt } from "../pipeline/secrets/secret-paths.ts";
import { secretPlacesOf } from "../pipeline/secrets/secret-places.ts";

/**
 * Checks params that somebody gives a job or a run. Who writes back what was read would replace a secret by its mask.
 * @throws {@link CronduitError} `INVALID_PARAMS`, `PAYLOAD_TOO_LARGE`
 */
export async function givenParams(
  pipeline: PipelineDescriptor,
  params: unknown,
): Promise<ValidParams> {
  const valid = await validateParams(pipeline, params);
  secretsAt(valid.input, secretPlacesOf(pipeline.params).input, (value, key) => {
    if (value !== MASK) return;
    const which = key === undefined ? "A secret param" : `The secret param "${key}"`;
    throw new CronduitError(
      "INVALID_PARAMS",
      `${which} is ${JSON.stringify(MASK)}, which is shown instead of it. Give its value, or leave params out to keep them.`,
      { data: { pipeline: pipeline.name, path: key ?? "" } },
    );
  });
  return valid;
}
