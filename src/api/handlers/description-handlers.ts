import { DOCS_POLICY, docsPage } from "../openapi/docs-page.ts";
import { openApiDocument } from "../openapi/openapi-document.ts";
import type { Handlers } from "./handler.ts";

/** What the routes that describe the others do. */
export function describing(basePath: string): Handlers<"docs" | "openApi"> {
  // Made at the first request, and the same for all.
  let document: ReturnType<typeof openApiDocument> | undefined;
  let page: string | undefined;
  return {
    openApi: async () => (document ??= openApiDocument(basePath)) as { openapi: string },
    docs: async () =>
      new Response((page ??= docsPage(basePath)), {
        headers: {
          "content-type": "text/html; charset=utf-8",
          "content-security-policy": DOCS_POLICY,
        },
      }),
  };
}
