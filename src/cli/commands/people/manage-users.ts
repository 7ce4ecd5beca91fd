import type { Contract } from "../../../api/contract.ts";
import type { AnswerOf, BodyInputOf } from "../../../api/contract/route.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { confirm } from "../../confirm.ts";
import { allPages } from "../../output/all-pages.ts";
import { harmless } from "../../output/harmless.ts";
import { tableOf } from "../../output/table.ts";
import { wholeTime } from "../../output/times.ts";
import { wholeList, writeList } from "../../output/write-list.ts";
import { wordsOf } from "../since.ts";

type User = AnswerOf<Contract["getUser"]>;
type Role = NonNullable<BodyInputOf<Contract["createUser"]>["role"]>;

/** `cronduit user list` */
export async function list(call: Call): Promise<void> {
  const client = await call.client();
  const items: User[] = [];
  for await (const page of allPages((query) => client.listUsers({ query }), { all: true }))
    items.push(...page.items);
  writeList(call, wholeList(items), () => tableOfUsers(items, call));
}

/** `cronduit user show` */
export async function show(call: Call, userId: string): Promise<void> {
  const client = await call.client();
  const user = await client.getUser({ path: { userId } });
  call.answer(user, () => tableOfUsers([user], call));
}

/** `cronduit user create`: the password for one day is told once. */
export async function create(call: Call, id: string): Promise<void> {
  const client = await call.client();
  const answer = await client.createUser({ body: { id, ...given(call) } });
  call.answer(answer, () => [answer.oneTimePassword]);
  call.tell(
    `${harmless(answer.user.id)} can sign in with this password for one day, and then chooses another.`,
  );
}

/** `cronduit user edit` */
export async function edit(call: Call, userId: string): Promise<void> {
  const client = await call.client();
  const { disable, enable } = call.flags;
  const body = {
    ...given(call),
    ...(disable === true && { isDisabled: true }),
    ...(enable === true && { isDisabled: false }),
  };
  if (Object.keys(body).length === 0)
    throw new CliError("USAGE", "What changes?", "Say --role, --team, --disable or --enable.");
  const user = await client.changeUser({ path: { userId }, body });
  call.answer(user, () => tableOfUsers([user], call));
}

/** `cronduit user remove` */
export async function remove(call: Call, userId: string): Promise<void> {
  const client = await call.client();
  await client.getUser({ path: { userId } });
  call.tell(`${harmless(userId)} would lose the account, its tokens and sessions; its jobs stay.`);
  if (!(await confirm(call))) return;
  await client.deleteUser({ path: { userId } });
  call.tell("Removed.");
}

/** `cronduit user reset-password` */
export async function resetPassword(call: Call, userId: string): Promise<void> {
  const client = await call.client();
  call.tell(`${harmless(userId)} would be signed out everywhere, and need a new password.`);
  if (!(await confirm(call))) return;
  const answer = await client.resetPassword({ path: { userId } });
  call.answer(answer, () => [answer.oneTimePassword]);
}

/** `cronduit user sign-out` */
export async function signOut(call: Call, userId: string): Promise<void> {
  const client = await call.client();
  await client.endSessionsOfUser({ path: { userId } });
  call.tell(`${harmless(userId)} is signed out everywhere.`);
}

function given({ flags }: Call): { readonly role?: Role; readonly teams?: string[] } {
  const teams = wordsOf(flags["team"]);
  return {
    ...(flags["role"] !== undefined && { role: flags["role"] as Role }),
    ...(teams && { teams }),
  };
}

function tableOfUsers(users: readonly User[], { io, paint, reader }: Call): string[] {
  return tableOf(
    users,
    [
      { title: "USER", cell: ({ id }) => harmless(id), mayBeCut: true },
      { title: "ROLE", cell: ({ role }) => role },
      { title: "TEAMS", cell: ({ teams }) => teams.map(harmless).join(", ") || "–" },
      {
        title: "STATE",
        cell: ({ isDisabled }) => (isDisabled ? paint("care", "disabled") : "active"),
      },
      { title: "SINCE", cell: ({ createdAt }) => wholeTime(createdAt, reader.zone) },
    ],
    { columns: io.columns, bold: (text) => paint("strong", text) },
  );
}
