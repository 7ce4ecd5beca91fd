import { hostname } from "node:os";
import { z } from "zod";
import type { Engine } from "../../engine/port/engine.ts";
import type { Problem } from "../file-problem.ts";
import { rejectedKey } from "./source-name.ts";

/** Problems that are kept of a rejected set: with their texts they must fit into a document. */
const MOST_KEPT = 40;
const MAX_TEXT = 400;
/** Characters of an event's note. */
const MAX_NOTE = 500;

const problemSchema = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  endColumn: z.number(),
  severity: z.enum(["error", "warning"]),
  code: z.string(),
  message: z.string(),
  hint: z.string().nullable(),
});

const rejectedSchema = z.object({
  at: z.number(),
  host: z.string(),
  files: z.number(),
  /** How many there are; some are kept. */
  errors: z.number(),
  problems: z.array(problemSchema),
});

/** A set that was refused. */
export type RejectedSet = z.output<typeof rejectedSchema>;

/** Reads what is stored of a rejected set. */
export function parseRejected(value: unknown): RejectedSet | undefined {
  return rejectedSchema.safeParse(value).data;
}

/** What became of a source's files, for all who ask: the set that was refused last, and an event. */
export class SetRecords {
  readonly #engine: Pick<Engine, "documents" | "events" | "now">;
  readonly #source: string;

  constructor(engine: Pick<Engine, "documents" | "events" | "now">, source: string) {
    this.#engine = engine;
    this.#source = source;
  }

  async rejected(files: number, problems: readonly Problem[]): Promise<void> {
    const { documents } = this.#engine;
    const key = rejectedKey(this.#source);
    const errors = problems.filter(({ severity }) => severity === "error");
    const value: RejectedSet = {
      at: await this.#engine.now(),
      host: hostname().slice(0, 128),
      files,
      errors: errors.length,
      problems: errors.slice(0, MOST_KEPT).map(kept),
    };
    // Whoever else rejects a set at the same moment tells as much.
    const present = await documents.get(key);
    await documents.putIfRevision(key, value, present?.revision ?? "absent", { stays: true });
  }

  /** The files are valid again. */
  async mended(): Promise<void> {
    await this.#engine.documents.delete(rejectedKey(this.#source));
  }

  /** Tells the fleet. @param count Of jobs that were changed, or of errors. */
  async announce(
    reason: "applied" | "rejected" | "conflict",
    note: string,
    count: number,
  ): Promise<void> {
    await this.#engine.events.append([
      {
        name: "JOB_FILES",
        at: await this.#engine.now(),
        by: { kind: "file", id: this.#source },
        reason,
        note: note.slice(0, MAX_NOTE),
        count,
      },
    ]);
  }
}

function kept({ file, hint, message, ...rest }: Problem): RejectedSet["problems"][number] {
  return {
    ...rest,
    file: file.slice(-MAX_TEXT),
    message: message.slice(0, MAX_TEXT),
    hint: hint?.slice(0, MAX_TEXT) ?? null,
  };
}
