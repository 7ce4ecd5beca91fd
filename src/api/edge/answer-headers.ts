import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { secureHeaders } from "hono/secure-headers";
import type { ApiSettings } from "../api-options.ts";

/** Headers of answers that a page of another origin may read. */
const READABLE = ["etag", "location", "ratelimit", "ratelimit-policy", "retry-after"];
/** Headers that a page of another origin may send. */
const SENDABLE = ["authorization", "content-type", "idempotency-key", "if-match", "last-event-id"];

/** Headers of every answer: what browsers must not do with it, and whose pages may read it. */
export function answerHeaders({ publicUrl, cors: { origins } }: ApiSettings): MiddlewareHandler[] {
  const isShared = origins.length > 0;
  return [
    secureHeaders({
      // An answer is data. The page with the list of routes brings a policy of its own.
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
      },
      xFrameOptions: "DENY",
      crossOriginResourcePolicy: isShared ? "cross-origin" : "same-origin",
      strictTransportSecurity:
        publicUrl?.protocol === "https:" ? "max-age=31536000; includeSubDomains" : false,
      overwrite: false,
    }),
    async (context, next) => {
      await next();
      const { headers } = context.res;
      if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
    },
    ...(isShared
      ? [
          cors({
            origin: [...origins],
            allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
            allowHeaders: SENDABLE,
            exposeHeaders: READABLE,
            maxAge: 600,
          }),
        ]
      : []),
  ];
}
