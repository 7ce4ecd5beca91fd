import type { Contract } from "../../../api/contract.ts";
import type { AnswerOf, BodyInputOf } from "../../../api/contract/route.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { allPages } from "../../output/all-pages.ts";
import { harmless } from "../../output/harmless.ts";
import { tableOf } from "../../output/table.ts";
import { relativeText } from "../../output/times.ts";
import { wholeList, writeList } from "../../output/write-list.ts";
import { wordsOf } from "../since.ts";

type Token = AnswerOf<Contract["createToken"]>["token"];
type NewToken = BodyInputOf<Contract["createToken"]>;

/** `cronduit token list` */
export async function list(call: Call): Promise<void> {
  const client = await call.client();
  const { user } = call.flags as { readonly user?: string };
  const items: Token[] = [];
  const pages = allPages(
    (page) => client.listTokens({ query: { ...page, ...(user !== undefined && { user }) } }),
    { all: true },
  );
  for await (const page of pages) items.push(...page.items);
  writeList(call, wholeList(items), () => tableOfTokens(items, call));
}

/** `cronduit token create`: the secret is told once. */
export async function create(call: Call, name: string): Promise<void> {
  const client = await call.client();
  const { role, user, expires } = call.flags as Readonly<Record<string, string | undefined>>;
  const owners = wordsOf(call.flags["owner"]);
  const body: NewToken = {
    name,
    ...(role !== undefined && { role: role as NonNullable<NewToken["role"]> }),
    ...(user !== undefined && { user }),
    ...(owners && { owners }),
    ...(expires !== undefined && { expiresInDays: daysOf(expires) }),
  };
  const answer = await client.createToken({ body });
  call.answer(answer, () => [answer.secret]);
  call.tell(
    "This is told only once. Set it as CRONDUIT_TOKEN, or keep it in a file for --token-file.",
  );
}

/** `cronduit token revoke` */
export async function revoke(call: Call, tokenId: string): Promise<void> {
  const client = await call.client();
  await client.revokeToken({ path: { tokenId } });
  call.tell(`${harmless(tokenId)} does not work any more.`);
}

function daysOf(text: string): number | null {
  if (text === "never") return null;
  const [, days] = /^(\d{1,3})d?$/.exec(text) ?? [];
  if (days !== undefined) return Number(days);
  throw new CliError("USAGE", `--expires: must be days such as 30, or never; got "${text}".`);
}

function tableOfTokens(tokens: readonly Token[], { io, paint, reader }: Call): string[] {
  const when = (iso: string | null, otherwise: string): string =>
    iso === null ? otherwise : relativeText(iso, reader);
  return tableOf(
    tokens,
    [
      { title: "TOKEN", cell: ({ id }) => harmless(id) },
      { title: "NAME", cell: ({ user, name }) => harmless(`${user}/${name}`), mayBeCut: true },
      { title: "ROLE", cell: ({ role }) => role },
      { title: "OWNERS", cell: ({ owners }) => owners?.map(harmless).join(", ") ?? "all" },
      { title: "EXPIRES", cell: ({ expiresAt }) => when(expiresAt, "never") },
      { title: "USED", cell: ({ lastUsedAt }) => when(lastUsedAt, "not yet") },
    ],
    { columns: io.columns, bold: (text) => paint("strong", text) },
  );
}
