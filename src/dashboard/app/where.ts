import { navigate, usePathname, useSearch } from "wouter/use-browser-location";
import { API_PLACE, type PageName, PAGES } from "../../api/contract/pages.ts";

/** The path that the dashboard is below, with a slash at its end. The server told it by the page's `<base>`. */
export const HOME = new URL(document.baseURI).pathname;

/** Where the API is, without a slash at its end. */
export const API = new URL(
  document.querySelector<HTMLMetaElement>(`meta[name="${API_PLACE}"]`)?.content ?? "api",
  document.baseURI,
).href;

/** What the address names. */
export interface Where {
  /** `undefined`: no page has this address. */
  readonly page: PageName | undefined;
  /** Of `job`, `edit` and `run`: of what. */
  readonly id: string;
}

/** Which page the address names. */
export function useWhere(): Where {
  return readPath(usePathname());
}

/** The query of the address. */
export function useQueryText(): string {
  return useSearch();
}

function readPath(pathname: string): Where {
  const [name = "", ...rest] = pathname.slice(HOME.length).split("/");
  const page = PAGES.find((one) => one === name);
  try {
    return { page, id: decodeURIComponent(rest.join("/")) };
  } catch {
    return { page: undefined, id: "" };
  }
}

/** The address of a page. */
export function pathTo(
  page: PageName,
  id?: string,
  query?: Readonly<Record<string, string>>,
): string {
  const search = new URLSearchParams(query).toString();
  return `${HOME}${page}${id === undefined ? "" : `/${encodeId(id)}`}${search && `?${search}`}`;
}

/** Slashes stay what they are, so that an address can be read; but parts that a browser would take for steps up do not. */
function encodeId(id: string): string {
  const parts = id.split("/");
  const isPlain = parts.every((part) => part !== "" && part !== "." && part !== "..");
  return isPlain ? parts.map(encodeURIComponent).join("/") : encodeURIComponent(id);
}

/** Goes to an address of the dashboard. @param how `replace`: the present one is not to come back to. */
export function go(path: string, how: { readonly replace?: boolean } = {}): void {
  navigate(path, how);
  if (!how.replace) window.scrollTo(0, 0);
}
