import type { Fault, FaultKind } from "../history/history.ts";
import { livingRuns } from "../history/read-journals.ts";
import { type Journal, realNow } from "../program/journal.ts";
import type { PlannedFault } from "../plan/fault-plan.ts";
import { type ChaosServer, pass } from "./chaos-server.ts";
import type { ChaosFleet, Slot } from "./fleet.ts";
import type { SlowProxy } from "./slow-proxy.ts";

/** The targets of faults. */
export interface Victims {
  readonly server: ChaosServer;
  readonly proxy: SlowProxy;
  readonly fleet: ChaosFleet;
  readonly prefix: string;
  readonly dir: string;
  readonly journal: Journal;
  readonly system: "cronduit" | "bare";
}

const SKEW_MS = 3_000;
const SLOW_MS = [100, 400] as const;
const RETRY_MS = 200;
const MAKES_ZOMBIES: ReadonlySet<FaultKind> = new Set(["stop-worker", "block-loop"]);
/** How long such a fault waits for a run that can become a zombie. */
const DEAF_LIMIT_MS = 3_000;

/** Injects faults into a fleet, several at once, but one at a time into the same process or the server. */
export class Inflictor {
  readonly #victims: Victims;
  #isServerBusy = false;

  constructor(victims: Victims) {
    this.#victims = victims;
  }

  async inflict(planned: PlannedFault): Promise<void> {
    switch (planned.kind) {
      case "kill-worker":
      case "stop-worker":
      case "block-loop":
      case "skew-clock":
        return this.#toOne("worker", planned);
      case "kill-scheduler":
      case "stop-scheduler":
        return this.#toOne("scheduler", planned);
      case "restart-server":
      case "freeze-server":
      case "sleep-server":
      case "hold-calls":
      case "kill-connections":
      case "slow-network":
      case "cut-network":
      case "delete-keys":
        return this.#toServer(planned);
    }
  }

  async #toServer(planned: PlannedFault): Promise<void> {
    // The bare system's queue keys hold its schedules too; deleting them would be a removal, not a fault.
    if (planned.kind === "delete-keys" && this.#victims.system === "bare") return;
    while (this.#isServerBusy) await pass(RETRY_MS);
    this.#isServerBusy = true;
    const from = realNow();
    try {
      this.#note(planned, from, await this.#hurtServer(planned));
    } finally {
      this.#isServerBusy = false;
    }
  }

  async #hurtServer({ kind, forMs, dice }: PlannedFault): Promise<string | undefined> {
    const { server, proxy, prefix } = this.#victims;
    if (kind === "restart-server") return server.restart(forMs);
    if (kind === "freeze-server") return server.freeze(forMs);
    if (kind === "sleep-server") return server.sleep(forMs, prefix);
    if (kind === "hold-calls") return server.holdCalls(forMs, prefix, dice);
    if (kind === "kill-connections") return server.killConnections();
    if (kind === "delete-keys") return server.deleteQueue(prefix, dice < 0.5 ? "all" : "waiting");
    if (kind === "slow-network") {
      const before = proxy.delayed;
      proxy.delayMs = SLOW_MS[0] + dice * (SLOW_MS[1] - SLOW_MS[0]);
      await pass(forMs);
      proxy.delayMs = 0;
      return proxy.delayed > before ? `${proxy.delayed - before} packets delayed` : undefined;
    }
    const before = proxy.cut;
    proxy.isCut = true;
    await pass(forMs);
    proxy.isCut = false;
    return proxy.cut > before ? `${proxy.cut - before} connections cut` : undefined;
  }

  async #toOne(role: Slot["role"], planned: PlannedFault): Promise<void> {
    let slot = this.#inDeafRun(planned);
    for (let waitedMs = 0; !slot; waitedMs += RETRY_MS) {
      await pass(RETRY_MS);
      slot = this.#inDeafRun(planned);
      if (!slot && (waitedMs >= DEAF_LIMIT_MS || !MAKES_ZOMBIES.has(planned.kind)))
        slot = this.#victims.fleet.free(role, planned.slot);
    }
    slot.isBusy = true;
    const from = realNow();
    const { pid } = slot;
    try {
      this.#note(planned, from, await hurt(slot, planned), pid);
    } finally {
      slot.isBusy = false;
    }
  }

  /** To become a zombie, a worker must be away while it runs something deaf; the longer, the better. */
  #inDeafRun({ kind }: PlannedFault): Slot | undefined {
    if (!MAKES_ZOMBIES.has(kind)) return undefined;
    const { fleet, dir } = this.#victims;
    const deaf = livingRuns(dir).filter(({ act }) => act === "deaf");
    return fleet.workers
      .filter(({ isBusy }) => !isBusy)
      .map((worker) => ({ worker, runs: deaf.filter(({ pid }) => pid === worker.pid).length }))
      .filter(({ runs }) => runs > 0)
      .toSorted((a, b) => b.runs - a.runs)[0]?.worker;
  }

  #note(planned: PlannedFault, from: number, proof: string | undefined, pid?: number): void {
    const fault: Fault = {
      kind: planned.kind,
      from,
      to: realNow(),
      ...(proof === undefined ? {} : { proof }),
      ...(pid === undefined ? {} : { pid }),
    };
    this.#victims.journal.write({ what: "fault", fault });
  }
}

/** Evidence that a process was stopped, blocked or skewed is in its own journal; see `proveFaults`. */
async function hurt(slot: Slot, { kind, forMs, dice }: PlannedFault): Promise<string | undefined> {
  if (kind === "kill-worker" || kind === "kill-scheduler") return slot.exchange(forMs);
  if (kind === "skew-clock") {
    slot.tell({ skewMs: dice < 0.5 ? -SKEW_MS : SKEW_MS });
    await pass(forMs);
    slot.tell({ skewMs: 0 });
    return undefined;
  }
  if (kind === "block-loop") {
    slot.tell({ blockMs: forMs });
    await pass(forMs);
    return undefined;
  }
  await slot.suspend(forMs);
  return undefined;
}
