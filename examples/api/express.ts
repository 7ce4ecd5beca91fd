// The API in Express 5, below a path of its own and before anything that reads bodies. Ends by itself.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import { toNodeListener } from "cronduit/api";
import { api, call, scheduler } from "./fleet.ts";

const app = express();
app.use("/api", toNodeListener(api));
app.use(express.json());
app.get("/", (_, response) => void response.send("the application"));

const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
await call(`http://127.0.0.1:${port}/api`);
server.close();
server.closeAllConnections();
await scheduler.shutdown();
