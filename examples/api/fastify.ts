// The API in Fastify 5. Within this plugin bodies are left to the API. Ends by itself.
import type { AddressInfo } from "node:net";
import Fastify from "fastify";
import { toNodeListener } from "cronduit/api";
import { api, call, scheduler } from "./fleet.ts";

const app = Fastify();
const listener = toNodeListener(api);
await app.register(async (scope) => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, _body, done) => done(null));
  scope.all("/api/*", (request, reply) => {
    reply.hijack();
    return listener(request.raw, reply.raw);
  });
});

await app.listen({ port: 0, host: "127.0.0.1" });
const { port } = app.server.address() as AddressInfo;
await call(`http://127.0.0.1:${port}/api`);
await app.close();
await scheduler.shutdown();
