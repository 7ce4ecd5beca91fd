import { memoryStores } from "../helpers/memory-stores.ts";
import { holdToContract } from "./suite.ts";

const connection = () => undefined;

holdToContract({
  name: "memory",
  connection,
  schedulerConnection: connection,
  stores: memoryStores,
  isShared: false,
});
