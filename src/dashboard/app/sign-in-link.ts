/** How tokens of links begin that sign a browser in. */
const START = "cdl_";

/**
 * The token of the address that a server printed, which is good once. It does not stay in the address: it would be in the history,
 * and asked for again when the page is loaded again.
 */
export function takeLinkToken(): string | undefined {
  const url = new URL(location.href);
  const token = url.searchParams.get("token");
  if (!token?.startsWith(START)) return undefined;
  url.searchParams.delete("token");
  history.replaceState(history.state, "", url);
  return token;
}
