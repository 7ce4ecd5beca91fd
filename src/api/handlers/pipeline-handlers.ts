import { z } from "zod";
import type { PipelineDescriptor } from "../../pipeline/pipeline-definition.ts";
import type { PipelineRegistry } from "../../pipeline/registry.ts";
import { isSchema } from "../../pipeline/pipeline.ts";
import { secretPlacesOf } from "../../pipeline/secrets/secret-places.ts";
import type { Handlers } from "./handler.ts";

/** What the routes about pipelines do. */
export function pipelineHandlers(registry: PipelineRegistry): Handlers<"listPipelines"> {
  return {
    async listPipelines() {
      const items = registry.names().flatMap((name) => {
        const pipeline = registry.get(name);
        return pipeline ? [shownPipeline(pipeline)] : [];
      });
      return { items, nextCursor: null };
    },
  };
}

function shownPipeline({ name, params, executesCode }: PipelineDescriptor) {
  return {
    name,
    paramsSchema: jsonSchemaOf(params),
    secretParams: secretPlacesOf(params).input.map((path) => path.join(".")),
    executesCode: executesCode === true,
  };
}

/** What callers write, as JSON Schema; `null` if there is none, or if it can't be told. */
function jsonSchemaOf(params: PipelineDescriptor["params"]): unknown {
  if (!isSchema(params)) return null;
  try {
    return z.toJSONSchema(params, {
      io: "input",
      unrepresentable: "any",
      override({ zodSchema, jsonSchema }) {
        const places = secretPlacesOf(zodSchema as unknown as z.ZodType);
        if (Object.values(places).every((paths: readonly unknown[]) => paths.length === 0)) return;
        // Nothing of a secret is told, neither a default nor an example, also where it is a part of them.
        for (const key of ["default", "examples"]) delete jsonSchema[key];
        if (!places.input.some((path) => path.length === 0)) return;
        for (const key of ["const", "enum"]) delete jsonSchema[key];
        jsonSchema.writeOnly = true;
      },
    });
  } catch {
    return null;
  }
}
