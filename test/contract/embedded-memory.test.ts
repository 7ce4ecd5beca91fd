import { holdToContract } from "./suite.ts";

holdToContract({
  name: "embedded memory",
  connection: () => undefined,
  schedulerConnection: () => undefined,
  isShared: false,
});
