/**
 * Whether pg can parse a server's URL. Managed databases put a socket's folder into the parameter `host`, and nothing after the
 * user: `postgres://user@/app?host=/run/postgresql`.
 */
export function isServerUrl(url: string): boolean {
  return URL.canParse(url.replace("@/", "@host/"));
}
