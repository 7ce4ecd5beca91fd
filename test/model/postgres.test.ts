import { inject } from "vitest";
import { openPostgres } from "./sql-place.ts";
import { compareWithReference } from "./property.ts";

compareWithReference({
  name: "postgres",
  open: (options) => openPostgres(inject("postgresUrl"), options),
  runs: 200,
});
