// Requests that nobody means: every route gets garbage in its path, query and body, by somebody who may call it. Whatever comes, the
// answer is an answer, never a fault of this side.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { contract, type RouteName } from "../../src/api/contract.ts";
import type { Route } from "../../src/api/contract/route.ts";
import { openApiDocument } from "../../src/api/openapi/openapi-document.ts";
import { createApi, type Api } from "../../src/api/create-api.ts";
import { silentLogger } from "../../src/core/log.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";

/** Requests to each route; the nightly form sets more. */
const EACH = Number(process.env["HOSTILE_REQUESTS"] ?? 40);
const faults: unknown[] = [];
const Report = defineJob({ name: "report", run: async () => undefined });
const scheduler = new PipelineScheduler({
  connection: "memory:",
  pipelines: [Report],
  // Each fault of this side is logged.
  logger: { ...silentLogger, error: (message, fields) => void faults.push([message, fields]) },
});
let api: Pick<Api, "fetch">;

beforeAll(async () => {
  api = createApi({ scheduler, auth: {} }).as({ kind: "cli", id: "ana" });
  await scheduler.addJob(Report, { id: "job", trigger: "cron", hour: 3 });
});

afterAll(async () => {
  await scheduler.shutdown();
});

const HOSTILE = [
  "",
  "job",
  "report",
  "__proto__",
  "constructor",
  "../..",
  "..%2f",
  "%00",
  "\0",
  "a\r\nSet-Cookie: x=1",
  "\u202Eabc",
  "é😀",
  "'; DROP TABLE jobs; --",
  "<script>alert(1)</script>",
  "${7*7}",
  "*",
  "0",
  "-1",
  "1e309",
  "NaN",
  "2026-13-45",
  "2026-03-29T02:30:00",
  "9".repeat(400),
  "x".repeat(5_000),
  "every day at 9:00",
  "* * * * *",
  "H H * * *",
  "P1D",
  "daily",
  "pause",
  "true",
  "null",
  "[]",
  "{}",
];
const scalar = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.constantFrom(0, -1, 1, 1.5, 1e15, 1e308, 2 ** 53, true, false, null),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.double({ noNaN: true }),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { arbitrary: scalar, weight: 5 },
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ maxLength: 12 })), tie("any"), {
      maxKeys: 4,
    }),
  ),
})).any;

interface Described {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly $ref?: string;
  readonly anyOf?: readonly Described[];
}
const document = openApiDocument("/api") as {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters: readonly { readonly name: string; readonly in: string }[];
            readonly requestBody?: {
              readonly content: Readonly<Record<string, { readonly schema: Described }>>;
            };
          }
        >
      >
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Described>> };
};

function fieldsOf(schema: Described | undefined): string[] {
  if (!schema) return [];
  const shared =
    schema.$ref === undefined
      ? undefined
      : document.components.schemas[schema.$ref.split("/").at(-1) ?? ""];
  return [
    ...Object.keys(schema.properties ?? {}),
    ...fieldsOf(shared),
    ...(schema.anyOf ?? []).flatMap(fieldsOf),
  ];
}

function requestsTo({ method, path }: Route): fc.Arbitrary<Request> {
  const operation = document.paths[path]?.[method.toLowerCase()];
  const queries = (operation?.parameters ?? [])
    .filter((each) => each.in === "query")
    .map(({ name }) => name);
  // Nothing runs here, so whoever waits for a run would wait for long.
  const fields = fieldsOf(operation?.requestBody?.content["application/json"]?.schema).filter(
    (name) => name !== "wait",
  );
  const body = fc.oneof(
    {
      arbitrary: fc.record(Object.fromEntries(fields.map((name) => [name, value])), {
        requiredKeys: [],
      }),
      weight: 6,
    },
    { arbitrary: value, weight: 2 },
  );
  const text = fc.oneof(
    { arbitrary: body.map((json) => JSON.stringify(json)), weight: 9 },
    fc.constantFrom("{", "[".repeat(200), '{"a":1}}', "\uFFFD", "", "nul"),
  );
  const ids = fc.oneof(
    fc.constant("job"),
    fc.constantFrom(...HOSTILE.filter((each) => each !== "" && each.length < 1_000)),
    fc.string({ minLength: 1, maxLength: 20 }),
  );
  return fc
    .record({
      text,
      ids: fc.array(ids, { minLength: 3, maxLength: 3 }),
      query: fc.dictionary(fc.constantFrom("x", ...queries), scalar.map(String), { maxKeys: 3 }),
    })
    .map(({ text: sent, ids: names, query }) => {
      let n = 0;
      const at = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(names[n++] ?? "x"));
      const search = new URLSearchParams(query).toString();
      return new Request(`http://127.0.0.1/api${at}?${search}`, {
        method,
        ...(method === "GET"
          ? {}
          : { body: sent, headers: { "content-type": "application/json" } }),
      });
    });
}

test.each(Object.keys(contract) as RouteName[])("%s", { timeout: 120_000 }, async (name) => {
  await fc.assert(
    fc.asyncProperty(requestsTo(contract[name]), async (request) => {
      faults.length = 0;
      const asked = `${request.method} ${request.url.slice(0, 300)} ${request.method === "GET" ? "" : (await request.clone().text()).slice(0, 500)}`;
      const answer = await api.fetch(request);
      await answer.body?.cancel();
      expect([asked, answer.status >= 500 && answer.status !== 504, faults]).toEqual([
        asked,
        false,
        [],
      ]);
    }),
    { numRuns: EACH },
  );
});
