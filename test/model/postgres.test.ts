import { inject } from "vitest";
import { openPostgres } from "./place.ts";
import { compareWithModel } from "./property.ts";

compareWithModel({
  name: "postgres",
  open: (options) => openPostgres(inject("postgresUrl"), options),
  runs: 200,
});
