import type { Client } from "../api/client/create-client.ts";
import type { Reached } from "./connect/reached.ts";
import type { Io } from "./io.ts";
import { harmlessJson } from "./output/harmless.ts";
import { type Paint, paintFor } from "./output/paint.ts";
import type { Reader } from "./output/times.ts";
import type { Flags, SettingsRead } from "./settings.ts";

/** A command that was called: what it may use, and how it answers. */
export class Call {
  readonly io: Io;
  readonly read: SettingsRead;
  /** What was given to this command; settings are in `read`. */
  readonly flags: Flags;
  /** Colours of what goes to standard output. */
  readonly paint: Paint;
  #reached: Reached | undefined;

  constructor(io: Io, read: SettingsRead, flags: Flags) {
    this.io = io;
    this.read = read;
    this.flags = flags;
    this.paint = paintFor(io.stdout, io.env);
  }

  /** The fleet's API, reached at the first call. */
  async client(): Promise<Client> {
    return (await this.reach()).client;
  }

  /** The fleet, with how it was reached. */
  async reach(): Promise<Reached> {
    if (this.#reached) return this.#reached;
    const { reach } = await import("./connect/reach.ts");
    this.#reached = await reach(this.read, this.io);
    return this.#reached;
  }

  async close(): Promise<void> {
    await this.#reached?.close();
  }

  /** The form in which answers are written. */
  get output(): SettingsRead["values"]["output"] {
    return this.read.values.output;
  }

  /** Where times are read, and when. */
  get reader(): Reader {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    return { zone: this.read.values.tz ?? timeZone, now: this.io.clock.now() };
  }

  /** Writes lines of an answer for people. */
  print(...lines: readonly string[]): void {
    if (lines.length > 0) this.io.stdout.write(`${lines.join("\n")}\n`);
  }

  /** Writes an answer as JSON in one line. */
  printJson(value: unknown): void {
    this.io.stdout.write(`${harmlessJson(value)}\n`);
  }

  /** Tells people what is no answer: on standard error, so that it is in nobody's data. */
  tell(...lines: readonly string[]): void {
    if (lines.length > 0) this.io.stderr.write(`${lines.join("\n")}\n`);
  }

  /** An answer in the form that was asked for. @param table Writes it for people. */
  answer(value: unknown, table: () => readonly string[]): void {
    if (this.output === "table") this.print(...table());
    else this.printJson(value);
  }
}
