import type { Command } from "commander";
import { collect, type CommandContext } from "../command-context.ts";

const users = () => import("./people/manage-users.ts");
const tokens = () => import("./people/manage-tokens.ts");

/** `cronduit user …` and `cronduit token …` */
export function declarePeople(program: Command, context: CommandContext): void {
  const user = program.command("user").description("Who may sign in.");
  user
    .command("list")
    .description("All users.")
    .addHelpText("after", "\nExample:\n  cronduit user list -o ndjson | jq -r .id")
    .action(context.does(async () => ({ run: (await users()).list })));
  user
    .command("show <user>")
    .description("A user.")
    .addHelpText("after", "\nExample:\n  cronduit user show ana")
    .action(context.does(async () => ({ run: (await users()).show })));
  user
    .command("create <user>")
    .description("Make a user, with a password for one day.")
    .option("--role <role>", "viewer, editor or admin; viewer if left out.")
    .option(
      "--team <team>",
      "Another owner whose jobs are the user's; may be given several times.",
      collect,
    )
    .addHelpText("after", "\nExample:\n  cronduit user create ana --role editor --team billing")
    .action(context.does(async () => ({ run: (await users()).create })));
  user
    .command("edit <user>")
    .description("Change what a user may do.")
    .option("--role <role>", "viewer, editor or admin.")
    .option("--team <team>", "Instead of the teams that there are.", collect)
    .option("--disable", "Can't sign in, and tokens do not work.")
    .option("--enable", "Can sign in again.")
    .addHelpText("after", "\nExample:\n  cronduit user edit ana --role admin")
    .action(context.does(async () => ({ run: (await users()).edit })));
  user
    .command("remove <user>")
    .description("Delete a user with its tokens and sessions.")
    .addHelpText("after", "\nExample:\n  cronduit user remove ana --yes")
    .action(context.does(async () => ({ run: (await users()).remove })));
  user
    .command("reset-password <user>")
    .description("End sessions and password, and give another one for one day.")
    .addHelpText("after", "\nExample:\n  cronduit user reset-password ana")
    .action(context.does(async () => ({ run: (await users()).resetPassword })));
  user
    .command("sign-out <user>")
    .description("End all sessions of a user.")
    .addHelpText("after", "\nExample:\n  cronduit user sign-out ana")
    .action(context.does(async () => ({ run: (await users()).signOut })));
  declareTokens(program, context);
}

function declareTokens(program: Command, context: CommandContext): void {
  const token = program.command("token").description("Tokens for programs.");
  token
    .command("list")
    .description("API tokens that work.")
    .option("--user <user>", "Only this user's.")
    .addHelpText("after", "\nExample:\n  cronduit token list --user ana")
    .action(context.does(async () => ({ run: (await tokens()).list })));
  token
    .command("create <name>")
    .description("Make an API token; it is told once.")
    .option("--role <role>", "The most that it may do; viewer if left out.")
    .option("--user <user>", "Whose; for administrators, and needed at this machine's socket.")
    .option("--owner <owner>", "Only this owner's jobs; may be given several times.", collect)
    .option("--expires <days>", "After how many days, or never; 90 if left out.")
    .addHelpText(
      "after",
      "\nExample:\n  cronduit token create deploy --user ana --role editor --expires 30",
    )
    .action(context.does(async () => ({ run: (await tokens()).create })));
  token
    .command("revoke <token>")
    .description("Revoke an API token at once.")
    .addHelpText("after", "\nExample:\n  cronduit token revoke 7f3k2p")
    .action(context.does(async () => ({ run: (await tokens()).revoke })));
}
