import type { Call } from "../call.ts";
import { CliError } from "../cli-error.ts";

/**
 * What a script does: it gives all words to `cronduit __complete`, which answers one candidate a line, with a tab before what is
 * told of it. Ids of jobs are anybody's text, so no shell may ever evaluate a candidate: bash's `compgen -W` would.
 */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# bash completion of cronduit
_cronduit() {
  local line word
  COMPREPLY=()
  while IFS= read -r line; do
    word=\${line%%$'\\t'*}
    # What bash takes for an end of a word can't be completed.
    case $word in *:* | *=* | '') continue ;; esac
    COMPREPLY+=("$(printf '%q' "$word")")
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null)
}
complete -o default -F _cronduit cronduit
`,
  zsh: `#compdef cronduit
_cronduit() {
  local line
  local -a found shown
  while IFS= read -r line; do
    found+=("\${line%%$'\\t'*}")
    shown+=("\${line//$'\\t'/  }")
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)
  if (( \${#found} )); then compadd -l -d shown -a found; else _files; fi
}
compdef _cronduit cronduit
`,
  fish: `# fish completion of cronduit
function __cronduit_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    $words[1] __complete -- $words[2..-1] "$current" 2> /dev/null
end
complete -c cronduit -f -a '(__cronduit_complete)'
`,
};

/** `cronduit completion` */
export async function run(call: Call, shell: string): Promise<void> {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined)
    throw new CliError("USAGE", `There are no completions for ${shell}.`, "Say bash, zsh or fish.");
  call.io.stdout.write(script);
}
