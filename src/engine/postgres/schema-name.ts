import { createHash } from "node:crypto";
import { DEFAULT_QUEUE } from "../../jobs/queue.ts";
import { QUEUE_NAME } from "../bullmq/bullmq-queue.ts";

/** PostgreSQL truncates longer names. */
const MAX_NAME = 63;
const MAX_STEM = 36;
const DIGEST = 16;

/** The schemas of one queue: cronduit's tables, and BullMQ's, which all queues of a fleet share. */
export interface Schemas {
  readonly own: string;
  /** Cronduit's tables of the default queue. */
  readonly home: string;
  /** BullMQ's tables. */
  readonly queue: string;
  /** BullMQ's name of this queue. */
  readonly runs: string;
}

/**
 * The schemas of a fleet's queue. Two prefixes never share one, nor do two queues: characters that a schema's name can't contain
 * are escaped with `$`, which neither may contain.
 */
export function schemasOf(prefix: string, queue: string = DEFAULT_QUEUE): Schemas {
  const stem = stemOf(prefix);
  const home = stem.length <= MAX_NAME - "$queue".length ? stem : shortened(stem, "$");
  const schemas = { own: home, home, queue: `${home}$queue`, runs: QUEUE_NAME };
  if (queue === DEFAULT_QUEUE) return schemas;
  const own = `${stem}$q$${escaped(queue)}`;
  return {
    ...schemas,
    own: own.length <= MAX_NAME ? own : shortened(own, "$x$"),
    // No queue can have this name: names of queues contain no slash.
    runs: `${QUEUE_NAME}/${queue}`,
  };
}

function stemOf(prefix: string): string {
  const stem = escaped(prefix);
  // Names that start with a digit need quotes, `pg_` is reserved, and `public` is shared.
  const isTaken = /^(?:\d|pg_|public$|information_schema$)/i.test(stem);
  return isTaken ? `c$${stem}` : stem;
}

function escaped(name: string): string {
  return name.replaceAll("-", "$h").replaceAll(".", "$d");
}

function shortened(name: string, mark: string): string {
  const digest = createHash("sha1").update(name).digest("hex").slice(0, DIGEST);
  return `${name.slice(0, MAX_STEM)}${mark}${digest}`;
}

/** A quoted name, for SQL text. @throws Error for a name that {@link schemasOf} never makes */
export function quote(schema: string): string {
  if (!/^[A-Za-z_][\w$]{0,62}$/.test(schema)) throw new Error(`"${schema}" is no schema name`);
  return `"${schema}"`;
}
