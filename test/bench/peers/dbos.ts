import { callMany, EVERY_MINUTE, loadPeer, type OnRun, type Peer } from "./peer.ts";

type Workflow = () => Promise<void>;
interface Dbos {
  setConfig(config: object): void;
  launch(): Promise<void>;
  registerWorkflow(run: Workflow, options: object): Workflow;
  startWorkflow(
    workflow: Workflow,
  ): Workflow extends () => Promise<void>
    ? () => Promise<{ getResult(): Promise<unknown> }>
    : never;
  applySchedules(schedules: readonly object[]): Promise<void>;
}

/** DBOS: workflows without steps. They begin when they are stored. */
export async function dbosPeer(
  systemDatabaseUrl: string,
  loader: string,
  onRun: OnRun,
): Promise<Peer> {
  const { DBOS } = await loadPeer<{ DBOS: Dbos }>(loader, "@dbos-inc/dbos-sdk");
  DBOS.setConfig({ name: "bench", systemDatabaseUrl, logLevel: "error", runAdminServer: false });
  const workflowFn = DBOS.registerWorkflow(async () => onRun(), { name: "nothing" });
  return {
    open: () => DBOS.launch(),
    start: (count) =>
      callMany(count, async () => {
        const handle = await DBOS.startWorkflow(workflowFn)();
        await handle.getResult();
      }),
    schedule: async (count) => {
      await DBOS.applySchedules(
        Array.from({ length: count }, (_, n) => ({
          scheduleName: `tick-${n}`,
          workflowFn,
          schedule: EVERY_MINUTE,
        })),
      );
      return "declared";
    },
  };
}
