import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shown } from "../../core/shown.ts";
import type { StateHeader } from "../../jobs/state-header.ts";
import type { StateCounts, StateRecord } from "../../jobs/state-record.ts";
import { type Owner, parseRecord, StateChecker } from "./state-checker.ts";
import {
  invalidState,
  looksLikePath,
  readLines,
  type StateLine,
  type StateSource,
} from "./state-lines.ts";

/** Characters per write. */
const WRITE_CHARS = 1024 * 1024;
const READ_BYTES = 256 * 1024;

/**
 * A state that was read to its end and found valid, so that nothing of an invalid one gets stored. A stream can't be
 * read twice: it is kept in a temporary file until disposal.
 */
export class CheckedState implements AsyncDisposable {
  readonly header: StateHeader;
  /** Equal for equal states. */
  readonly digest: string;
  readonly owners: ReadonlyMap<string, Owner>;
  readonly counts: Readonly<StateCounts>;
  readonly #content: string | Spool;

  private constructor(checker: StateChecker, content: string | Spool) {
    ({ header: this.header, digest: this.digest } = checker.end());
    this.owners = checker.owners;
    this.counts = checker.counts;
    this.#content = content;
  }

  /**
   * @param accept Called with the header before anything else is read; throws if such a state is not wanted.
   * @throws `INVALID_STATE_FILE`, and what the source and `accept` throw.
   */
  static async read(
    source: StateSource,
    accept: (header: StateHeader) => void = () => undefined,
  ): Promise<CheckedState> {
    const checker = new StateChecker(accept);
    const given = textOrStream(source);
    if (typeof given === "string") {
      for await (const line of readLines(given)) checker.check(line);
      return new CheckedState(checker, given);
    }
    const spool = await Spool.create();
    try {
      for await (const line of readLines(given)) {
        checker.check(line);
        await spool.add(line.text);
      }
      await spool.flush();
      return new CheckedState(checker, spool);
    } catch (error) {
      await spool[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** @yields All lines but the first and the last. */
  async *records(): AsyncGenerator<Exclude<StateRecord, { kind: "end" }>, void> {
    const content = this.#content;
    const lines = typeof content === "string" ? readLines(content) : content.lines();
    let isHeader = true;
    for await (const line of lines) {
      if (isHeader) {
        isHeader = false;
        continue;
      }
      const record = parseRecord(line);
      if (record.kind === "end") return;
      yield record;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (typeof this.#content !== "string") await this.#content[Symbol.asyncDispose]();
  }
}

/** Lines in a private temporary file. */
class Spool implements AsyncDisposable {
  readonly #folder: string;
  readonly #file: FileHandle;
  #unwritten: string[] = [];
  #chars = 0;

  private constructor(folder: string, file: FileHandle) {
    this.#folder = folder;
    this.#file = file;
  }

  static async create(): Promise<Spool> {
    const folder = await mkdtemp(join(tmpdir(), "cronduit-import-"));
    const file = await open(join(folder, "state.ndjson"), "wx+", 0o600);
    // Where open files can be deleted, it vanishes with this process, however that ends.
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    return new Spool(folder, file);
  }

  async add(text: string): Promise<void> {
    this.#unwritten.push(text, "\n");
    this.#chars += text.length + 1;
    if (this.#chars >= WRITE_CHARS) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#unwritten.join("");
    this.#unwritten = [];
    this.#chars = 0;
    await this.#file.appendFile(text);
  }

  lines(): AsyncGenerator<StateLine, void> {
    return readLines(this.#pieces());
  }

  // Not by a stream: a second one on a file handle ends immediately in Node.js 20.
  async *#pieces(): AsyncGenerator<Uint8Array, void> {
    for (let position = 0; ;) {
      const piece = Buffer.allocUnsafe(READ_BYTES);
      const { bytesRead } = await this.#file.read(piece, 0, READ_BYTES, position);
      if (bytesRead === 0) return;
      yield piece.subarray(0, bytesRead);
      position += bytesRead;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Untyped callers may pass anything. @throws `INVALID_STATE_FILE` */
function textOrStream(source: StateSource): Exclude<StateSource, readonly string[]> {
  if (isText(source)) {
    if (!looksLikePath(source)) return source;
    throw invalidState(
      `${shown(source)} looks like a path. Give the text that is there, or createReadStream(path)`,
    );
  }
  if (Array.isArray(source) && source.every(isText)) return source.join("\n");
  if (isStream(source)) return source;
  throw invalidState(
    `${shown(source)} is no state. Give its text, its lines, or a stream of it, such as createReadStream(path)`,
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isStream(source: unknown): source is AsyncIterable<string | Uint8Array> {
  return typeof source === "object" && source !== null && Symbol.asyncIterator in source;
}
