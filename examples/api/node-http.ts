// The API in a server of node:http. Ends by itself.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeListener } from "cronduit/api";
import { api, call, scheduler } from "./fleet.ts";

const listener = toNodeListener(api);
const server = createServer((request, response) => void listener(request, response));
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
await call(`http://127.0.0.1:${port}/api`);
server.close();
server.closeAllConnections();
await scheduler.shutdown();
