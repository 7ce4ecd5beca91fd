import { z } from "zod";
import { route } from "./route.ts";

/** Routes that describe the others. */
export const descriptionRoutes = {
  openApi: route({
    method: "GET",
    path: "/openapi.json",
    summary: "This API as OpenAPI 3.1.",
    group: "machines",
    access: "viewer",
    answer: z.looseObject({ openapi: z.string() }),
  }),
  docs: route({
    method: "GET",
    path: "/docs",
    summary: "This API as a page.",
    group: "machines",
    access: "viewer",
    answer: "text",
  }),
};
