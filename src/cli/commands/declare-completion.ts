import type { Command } from "commander";
import type { CommandContext } from "../command-context.ts";

/** `cronduit completion`, and what the scripts that it prints call. */
export function declareCompletion(program: Command, context: CommandContext): void {
  program
    .command("completion <shell>")
    .description("Print a script that completes commands, options and jobs: bash, zsh or fish.")
    .addHelpText(
      "after",
      '\nExamples:\n  eval "$(cronduit completion bash)"      # in ~/.bashrc\n' +
        '  eval "$(cronduit completion zsh)"       # in ~/.zshrc, after compinit\n' +
        "  cronduit completion fish | source       # in ~/.config/fish/config.fish",
    )
    .action(context.does(() => import("../completion/print-script.ts")));
  program.command("__complete [words...]", { hidden: true }).action(
    context.does(async () => {
      const { complete } = await import("../completion/candidates.ts");
      return { run: (call, words: readonly string[]) => complete(call, program, words) };
    }),
  );
}
