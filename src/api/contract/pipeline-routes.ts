import { z } from "zod";
import { route } from "./route.ts";
import { pageShape } from "./shapes.ts";

/** What jobs can run. */
const pipelineShape = z
  .object({
    name: z.string(),
    paramsSchema: z
      .unknown()
      .describe(
        "JSON Schema; secret fields have `writeOnly`. `null`: any JSON, or not to be told.",
      ),
    secretParams: z.array(z.string()).describe("Paths of secret params."),
    executesCode: z.boolean().describe("Whether its params can execute code."),
  })
  .meta({ id: "Pipeline" });

/** Routes about pipelines. */
export const pipelineRoutes = {
  listPipelines: route({
    method: "GET",
    path: "/pipelines",
    summary: "The pipelines that are registered here, and what they take.",
    group: "pipelines",
    access: "viewer",
    answer: pageShape(pipelineShape),
  }),
};
