import { Command, Option } from "commander";
import { flagOf, settingOf } from "../config/settings/setting-infos.ts";
import type { SettingName } from "../config/settings/settings-schema.ts";
import { Call } from "./call.ts";
import { CliError } from "./cli-error.ts";
import type { Io } from "./io.ts";
import { type Flags, type FlagValue, readSettings } from "./settings.ts";

/** What does a command's work. It answers the exit code, if that is not 0, or if it ends well although it was interrupted. */
export interface Work<Words extends readonly unknown[]> {
  readonly run: (call: Call, ...words: Words) => Promise<number | void>;
  /** Whether it ends by itself at Ctrl-C, in its own way. @default false: it is cut off */
  readonly endsBySignal?: boolean;
}

/** What commands are declared with. */
export class CommandContext {
  readonly io: Io;
  /** What the work answered; absent: nothing, or there was none. */
  exitCode: number | undefined;

  constructor(io: Io) {
    this.io = io;
  }

  /**
   * An action of commander that loads the work when it is called: whoever asks for help loads none of it.
   * @example command.action(context.does(() => import("./job/print-jobs.ts")))
   */
  does<Words extends readonly unknown[]>(load: () => Promise<Work<Words>>) {
    return async (...given: unknown[]): Promise<void> => {
      const command = given.at(-1);
      if (!(command instanceof Command)) throw new Error("commander calls without a command");
      const words = given.slice(0, -2) as unknown as Words;
      const flags = flagsOf(command);
      const [work, read] = await Promise.all([load(), readSettings(flags, this.io)]);
      const call = new Call(this.io, read, flags);
      try {
        const running = work.run(call, ...words);
        const isCutOff = work.endsBySignal !== true;
        this.exitCode =
          (await (isCutOff ? beforeSignal(running, this.io.signal) : running)) ?? undefined;
      } finally {
        await call.close();
      }
    };
  }
}

/** The result of `work`, unless Ctrl-C comes first. */
async function beforeSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let cut: () => void = () => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    cut = () => reject(new CliError("INTERRUPTED", "Interrupted."));
    signal.addEventListener("abort", cut, { once: true });
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    signal.removeEventListener("abort", cut);
  }
}

/** What was given to a command, and to those above it. */
function flagsOf(command: Command): Flags {
  const flags: Record<string, FlagValue> = {};
  for (let at: Command | null = command; at; at = at.parent)
    for (const option of at.options) {
      const name = option.attributeName();
      if (at.getOptionValueSource(name) !== "cli") continue;
      // Commander calls what `--no-input` sets "input".
      if (option.negate) flags[`no${name.charAt(0).toUpperCase()}${name.slice(1)}`] = true;
      else flags[name] ??= at.getOptionValue(name) as FlagValue;
    }
  return flags;
}

/** Adds flags for settings to a command. */
export function withSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const { takes, description, value, isSecret } = settingOf(name);
    const short = SHORT[name];
    const flags = `${short === undefined ? "" : `-${short}, `}${flagOf(name)}${takes === "switch" ? "" : ` <${value}>`}`;
    const option = new Option(flags, description);
    if (takes === "list") option.argParser(collect);
    command.addOption(option);
    if (isSecret)
      command.addOption(
        new Option(`${flagOf(name)}-file <path>`, `A file that has it.`).hideHelp(),
      );
  }
  return command;
}

const SHORT: Partial<Record<SettingName, string>> = { output: "o", yes: "y" };

/** An option that may be given several times. */
export function collect(value: string, before: unknown): string[] {
  return [...(Array.isArray(before) ? (before as string[]) : []), value];
}
