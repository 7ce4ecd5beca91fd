import { inject } from "vitest";
import { holdToContract } from "./suite.ts";

holdToContract({
  name: "postgres",
  connection: () => inject("postgresUrl"),
  schedulerConnection: () => inject("postgresUrl"),
  isShared: true,
});
