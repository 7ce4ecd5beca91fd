import { API_PLACE } from "../contract/pages.ts";
import type { BuiltFiles } from "./built-files.ts";
import type { DashboardPlace } from "./dashboard-options.ts";

/**
 * The policy under which a browser shows the dashboard: its own files and this server's answers, nothing from elsewhere and nothing
 * that stands in the page itself. No text becomes markup or code.
 */
export const DASHBOARD_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** Answers requests for the dashboard's pages and files. */
export class DashboardAnswers {
  readonly #files: BuiltFiles;
  readonly #place: DashboardPlace;
  readonly #api: string;

  /** @param basePath Where the API is. */
  constructor(files: BuiltFiles, place: DashboardPlace, basePath: string) {
    this.#files = files;
    this.#place = place;
    this.#api = relativeTo(place.path, basePath);
  }

  /**
   * A page. All are one file, which learns from its `<base>` how far above the place of the dashboard is; so it works below any path
   * that a proxy puts before it.
   */
  async page(request: Request): Promise<Response> {
    const below = new URL(request.url).pathname.slice(this.#place.path.length + 1);
    const up = "../".repeat(below.split("/").length - 1);
    const html = (await this.#files.page()).replace(
      "<head>",
      `<head><base href="${up || "./"}"><meta name="${API_PLACE}" content="${this.#api}">`,
    );
    return new Response(html, {
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": DASHBOARD_POLICY,
        "cache-control": "no-store",
      },
    });
  }

  /** A file; its name has a hash of its content, so it never changes. @returns `undefined` if there is none */
  async asset(name: string, request: Request): Promise<Response | undefined> {
    const file = await this.#files.asset(name, request.headers.get("accept-encoding") ?? "");
    if (!file) return undefined;
    return new Response(file.content, {
      headers: {
        "content-type": file.type,
        "cache-control": "public, max-age=31536000, immutable",
        vary: "accept-encoding",
        ...(file.encoding === undefined ? {} : { "content-encoding": file.encoding }),
      },
    });
  }
}

/** The way from one path to another. */
function relativeTo(from: string, to: string): string {
  const below = `${from}/`;
  if (to.startsWith(below)) return to.slice(below.length);
  return `${"../".repeat(from.split("/").length - 1)}${to.slice(1)}`;
}
