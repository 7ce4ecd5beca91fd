/**
 * Whether pg can read a URL of a server. As managed databases write them, a socket's folder stands in the parameter `host`,
 * and nothing behind the user: `postgres://user@/app?host=/run/postgresql`.
 */
export function isServerUrl(url: string): boolean {
  return URL.canParse(url.replace("@/", "@host/"));
}
