import type { PgQueryable } from "bullmq";
import type { ServerFact } from "../port/engine.ts";

interface Row {
  readonly name: string;
  readonly setting: string;
}

/** Share of the connections from which on there are too few left. */
const CROWDED = 0.9;

/** Settings without which a crash of the machine loses or damages data, or tables grow without bound. */
const WANTED = {
  fsync: "a crash of the machine can damage the database",
  full_page_writes: "a crash of the machine can damage the database",
  autovacuum: "tables and indexes grow with every run",
} as const;

/** What there is to know of a PostgreSQL server's settings. What the role may not read is left out. */
export async function readFacts(pool: PgQueryable): Promise<ServerFact[]> {
  const names = [...Object.keys(WANTED), "synchronous_commit", "max_connections"];
  const { rows } = await pool.query<Row>(
    "SELECT name, setting FROM pg_settings WHERE name = ANY($1)",
    [names],
  );
  const settings = new Map(rows.map(({ name, setting }) => [name, setting]));
  const facts = Object.entries(WANTED).flatMap(([name, harm]): ServerFact[] => {
    const setting = settings.get(name);
    if (setting === undefined) return [];
    if (setting === "on") return [{ level: "good", text: name }];
    return [{ level: "warn", text: `${name} is off: ${harm}. Set ${name} = on.` }];
  });
  if (settings.get("synchronous_commit") === "off")
    facts.push({
      level: "info",
      text: "synchronous_commit is off: a crash of the server loses the last fraction of a second, of which runs may be repeated.",
    });
  return [...facts, ...(await connectionsOf(pool, Number(settings.get("max_connections"))))];
}

async function connectionsOf(pool: PgQueryable, most: number): Promise<ServerFact[]> {
  const { rows } = await pool.query<{ count: string }>(
    "SELECT count(*)::text AS count FROM pg_stat_activity WHERE backend_type = 'client backend'",
  );
  const count = Number(rows[0]?.count);
  if (!(count >= most * CROWDED)) return [];
  const text = `${count} of ${most} connections are in use: raise max_connections, or use fewer processes.`;
  return [{ level: "warn", text }];
}
