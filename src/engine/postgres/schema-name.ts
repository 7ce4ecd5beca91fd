import { createHash } from "node:crypto";

/** PostgreSQL cuts longer names. */
const MAX_NAME = 63;
const MAX_STEM = 36;

/** The two schemas of a fleet: our tables, and BullMQ's. */
export interface Schemas {
  readonly own: string;
  readonly queue: string;
}

/**
 * The schemas of a fleet. Two prefixes never share one: what a schema's name can't hold is written with `$`, which a
 * prefix can't hold.
 */
export function schemasOf(prefix: string): Schemas {
  const escaped = prefix.replaceAll("-", "$h").replaceAll(".", "$d");
  // Names that begin with a digit need quotes, `pg_` is the server's own, and `public` is everybody's.
  const isTaken = /^(?:\d|pg_|public$|information_schema$)/i.test(escaped);
  const whole = isTaken ? `c$${escaped}` : escaped;
  const stem =
    whole.length <= MAX_NAME - "$queue".length
      ? whole
      : `${whole.slice(0, MAX_STEM)}$${createHash("sha1").update(whole).digest("hex").slice(0, 16)}`;
  return { own: stem, queue: `${stem}$queue` };
}

/** A name in quotes, for SQL text. @throws Error for what {@link schemasOf} never makes. */
export function quote(schema: string): string {
  if (!/^[A-Za-z_][\w$]{0,62}$/.test(schema)) throw new Error(`"${schema}" is no schema name`);
  return `"${schema}"`;
}
