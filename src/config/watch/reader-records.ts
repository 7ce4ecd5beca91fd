import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";
import type { Engine } from "../../engine/port/engine.ts";
import { readerPrefix } from "../apply/source-name.ts";

/** How long a process counts that says nothing any more. */
const TTL_MS = 30_000;

const recordSchema = z.object({
  host: z.string(),
  pid: z.number(),
  /** The machine and its space of process ids: within it, a process that is not there is known to be dead. */
  machine: z.string(),
  /** Of the set that it read; `null`: that is not valid. */
  digest: z.string().nullable(),
  jobs: z.number(),
  files: z.number(),
  /** Since when. */
  at: z.number(),
});

/** A process that reads a source, and what it read last. */
export interface FilesReader {
  readonly host: string;
  readonly pid: number;
  /** The digest of its set; `null`: the set is not valid. */
  readonly digest: string | null;
  readonly jobs: number;
  readonly files: number;
  /** Since when it has read this. */
  readonly at: number;
}

/** What a process read. */
export type WhatWasRead = Pick<FilesReader, "digest" | "jobs" | "files">;

/** The readers of this process, by their names. */
const ownNames = new Set<string>();
const MACHINE = machineName();

function toReader({ host, pid, digest, jobs, files, at }: z.output<typeof recordSchema>) {
  return { host, pid, digest, jobs, files, at };
}

/** What the processes read that read one source: where they differ, none of them may decide. */
export class ReaderRecords {
  readonly #engine: Pick<Engine, "documents">;
  readonly #prefix: string;
  readonly #name: string;
  #revision: number | undefined;
  #told: (WhatWasRead & { readonly at: number }) | undefined;

  /** @param name Names this process among the readers. */
  constructor(engine: Pick<Engine, "documents">, source: string, name: string) {
    this.#engine = engine;
    this.#prefix = readerPrefix(source);
    this.#name = name;
    ownNames.add(name);
  }

  /** Says what this process has read, and that it lives. @param now By the server's clock. */
  async tell(read: WhatWasRead, now: number): Promise<void> {
    const isSame =
      this.#told?.digest === read.digest &&
      this.#told.jobs === read.jobs &&
      this.#told.files === read.files;
    const at = isSame ? (this.#told?.at ?? now) : now;
    this.#told = { ...read, at };
    const value = {
      host: hostname().slice(0, 128),
      pid: process.pid,
      machine: MACHINE,
      ...this.#told,
    };
    const options = { expiresAt: now + TTL_MS, stays: true };
    const key = `${this.#prefix}${this.#name}`;
    for (let tries = 0; tries < 2; tries += 1) {
      const expected = this.#revision ?? "absent";
      const answer = await this.#engine.documents.putIfRevision(key, value, expected, options);
      if (answer.outcome === "stored") {
        this.#revision = answer.revision;
        return;
      }
      // It expired meanwhile, for this process was asleep.
      this.#revision = answer.present?.revision;
    }
  }

  /** Whether this process has said the same before. */
  hasTold({ digest, jobs, files }: WhatWasRead): boolean {
    const told = this.#told;
    return told?.digest === digest && told.jobs === jobs && told.files === files;
  }

  /** The others that live. */
  async others(): Promise<FilesReader[]> {
    const { documents } = await this.#engine.documents.list(this.#prefix, undefined, 1_000);
    return documents.flatMap(({ key, value }) => {
      const name = key.slice(this.#prefix.length);
      const { data } = recordSchema.safeParse(value);
      if (name === this.#name || !data || isDead(name, data)) return [];
      return [toReader(data)];
    });
  }

  /** Says that this process reads no more. */
  async forget(): Promise<void> {
    ownNames.delete(this.#name);
    await this.#engine.documents.delete(`${this.#prefix}${this.#name}`);
  }
}

/** All readers of a source that live, as far as can be told here. */
export async function readersOf(
  { documents }: Pick<Engine, "documents">,
  source: string,
): Promise<FilesReader[]> {
  const prefix = readerPrefix(source);
  const page = await documents.list(prefix, undefined, 1_000);
  return page.documents.flatMap(({ key, value }) => {
    const { data } = recordSchema.safeParse(value);
    return data && !isDead(key.slice(prefix.length), data) ? [toReader(data)] : [];
  });
}

/** Whether a process is known to be gone, as one that was killed: its word holds nobody up. */
function isDead(
  name: string,
  { machine, pid }: { readonly machine: string; readonly pid: number },
): boolean {
  if (machine !== MACHINE) return false;
  if (pid === process.pid) return !ownNames.has(name);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

function machineName(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}
