import { createConfig, lintFromString } from "@redocly/openapi-core";
import { afterAll, expect, test } from "vitest";
import { contract } from "../../src/api/contract.ts";
import { createApi } from "../../src/api/create-api.ts";
import { silentLogger } from "../../src/core/log.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { callApi } from "./call-api.ts";

const scheduler = new PipelineScheduler({ connection: "memory:", logger: silentLogger });
const api = createApi({ scheduler }).as({ kind: "cli", id: "ana" });

afterAll(async () => {
  await scheduler.shutdown();
});

test("a linter finds nothing in the OpenAPI document", async () => {
  const { body } = await callApi(api, "/openapi.json");
  const config = await createConfig({ extends: ["recommended-strict"] });
  const problems = await lintFromString({ source: JSON.stringify(body), config });
  expect(
    problems.map(({ message, location }) => `${location[0]?.pointer ?? ""}: ${message}`),
  ).toEqual([]);
});

test("the document has every route, and says who may call it", async () => {
  const { body } = await callApi(api, "/openapi.json");
  const { paths } = body as {
    paths: Record<string, Record<string, { operationId: string; security?: unknown[] }>>;
  };
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { operationId, security }]) =>
        `${operationId}: ${method.toUpperCase()} ${path}${security ? " (open)" : ""}`,
    ),
  );
  const routes = Object.entries(contract).map(
    ([name, { method, path, access }]) =>
      `${name}: ${method} ${path}${(access as string) === "anyone" ? " (open)" : ""}`,
  );
  expect(described.toSorted()).toEqual(routes.toSorted());
});

test("it says which bodies may be left out, and which answers may be events", async () => {
  const { body } = await callApi(api, "/openapi.json");
  expect(body).toMatchObject({
    paths: {
      "/jobs": { post: { requestBody: { required: true } } },
      "/jobs/{jobId}/run": { post: { requestBody: { required: false } } },
      "/runs/{runId}/logs": {
        get: {
          responses: {
            200: { content: { "application/json": {}, "text/event-stream": {} } },
          },
        },
      },
    },
  });
});

test("every reference leads to a schema", async () => {
  const { body } = await callApi(api, "/openapi.json");
  const text = JSON.stringify(body);
  const { schemas } = (body as { components: { schemas: object } }).components;
  const named = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, name]) => name ?? "");
  expect(named.length).toBeGreaterThan(0);
  for (const name of named) expect(name).toMatch(/^#\/components\/schemas\/\w+$/);
  for (const name of named) expect(schemas).toHaveProperty(name.split("/").at(-1) ?? "");
});

test("the page lists every route, runs nothing and loads nothing", async () => {
  const answer = await api.fetch(new Request("http://127.0.0.1/api/docs"));
  const page = await answer.text();
  for (const name of Object.keys(contract)) expect(page).toContain(`id="${name}"`);
  expect(page).not.toMatch(/<script|<img|<link|@import|url\(|https?:/);
  expect(page).not.toContain("`");
  const policy = answer.headers.get("content-security-policy");
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+';/);
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
});
