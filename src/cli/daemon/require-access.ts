import { isLoopback } from "../../api/edge/loopback.ts";
import type { Client } from "../../api/client/create-client.ts";
import { CliError } from "../cli-error.ts";
import type { DaemonSettings } from "./daemon-settings.ts";

const PAGE = 500;

/**
 * Refuses to listen where others can reach it while nobody could sign in, or without a name: links and the check of names need one.
 * @param client Asks the fleet itself, as its administrator.
 * @throws {@link CliError} `PUBLIC_WITHOUT_ACCOUNTS`, `PUBLIC_WITHOUT_NAME`
 */
export async function requireAccess(
  { tcp, api }: Pick<DaemonSettings, "tcp" | "api">,
  client: Pick<Client, "listUsers">,
): Promise<void> {
  if (!tcp || api.only === "machines") return;
  const { publicUrl } = api;
  const isPublicName = publicUrl !== undefined && !isLoopback(new URL(publicUrl));
  if (isOfThisMachine(tcp.host) && !isPublicName) return;
  if (publicUrl === undefined)
    throw new CliError(
      "PUBLIC_WITHOUT_NAME",
      `Others can reach ${tcp.host}, and requests by a name that nobody said are refused.`,
      "Set --public-url to the URL at which people reach it.",
    );
  if (api.auth?.issuer || (await hasAdministrator(client))) return;
  throw new CliError(
    "PUBLIC_WITHOUT_ACCOUNTS",
    `Others can reach ${tcp.host}, and there is neither an administrator nor an issuer: nobody could sign in.`,
    "Make one on this machine first: cronduit user create <name> --role admin. Or set --issuer.",
  );
}

function isOfThisMachine(host: string): boolean {
  return isLoopback({ hostname: host.includes(":") ? `[${host}]` : host });
}

async function hasAdministrator(client: Pick<Client, "listUsers">): Promise<boolean> {
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Client["listUsers"]>> = await client.listUsers({
      query: { limit: PAGE, ...(cursor === null ? {} : { cursor }) },
    });
    if (page.items.some(({ role, isDisabled }) => role === "admin" && !isDisabled)) return true;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return false;
}
