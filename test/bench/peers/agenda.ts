import { callMany, CONCURRENCY, EVERY_MINUTE, loadPeer, type OnRun, type Peer } from "./peer.ts";

interface AgendaScheduler {
  readonly ready: Promise<unknown>;
  on(event: "error", handler: (error: unknown) => void): void;
  define(name: string, handler: () => Promise<void>): void;
  start(): Promise<void>;
  schedule(when: Date, name: string, payload: object): Promise<unknown>;
  every(interval: string, name: string, payload: object, options: object): Promise<unknown>;
}

interface Backend {
  readonly name: "RedisBackend" | "PostgresBackend";
  readonly from: "@agendajs/redis-backend" | "@agendajs/postgres-backend";
}

/** Agenda with notifications, which its backends have by themselves; a schedule is a job of a name of its own. */
export async function agendaPeer(
  connectionString: string,
  loader: string,
  { name, from }: Backend,
  onRun: OnRun,
): Promise<Peer> {
  const { Agenda } = await loadPeer<{ Agenda: new (options: object) => AgendaScheduler }>(
    loader,
    "agenda",
  );
  const backends = await loadPeer<Record<Backend["name"], new (options: object) => object>>(
    loader,
    from,
  );
  const agenda = new Agenda({
    backend: new backends[name]({ connectionString }),
    defaultConcurrency: CONCURRENCY,
    maxConcurrency: CONCURRENCY,
    removeOnComplete: true,
  });
  agenda.on("error", (error) => console.error(error));
  const handle = async (): Promise<void> => onRun();
  return {
    open: async () => {
      await agenda.ready;
      agenda.define("nothing", handle);
    },
    fill: (count) => callMany(count, (n) => agenda.schedule(new Date(), "nothing", { n })),
    start: () => agenda.start(),
    schedule: async (count) => {
      await callMany(count, async (n) => {
        agenda.define(`tick-${n}`, handle);
        await agenda.every(EVERY_MINUTE, `tick-${n}`, {}, { skipImmediate: true });
      });
      return "declared";
    },
  };
}
