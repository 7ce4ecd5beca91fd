import type { Consumer, Engine, QueuePort } from "../engine/port/engine.ts";

/** Whether the calls of one process still arrive. */
export class Gate {
  #calls = 0;
  #isClosed = false;

  /** Grows with every call that begins or ends. */
  get calls(): number {
    return this.#calls;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** From now on, as in a process that was killed, no call begins and none that is under way returns. */
  close(): void {
    this.#isClosed = true;
  }

  async pass(call: () => unknown): Promise<unknown> {
    if (this.#isClosed) return never();
    this.#calls += 1;
    try {
      const answer = await call();
      return this.#isClosed ? await never() : answer;
    } catch (error) {
      if (this.#isClosed) return await never();
      throw error;
    } finally {
      this.#calls += 1;
    }
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

/**
 * An engine as one process reaches it.
 * @param onConsume Receives whatever takes queue jobs there.
 */
export function gated(engine: Engine, gate: Gate, onConsume: (consumer: Consumer) => void): Engine {
  const consume: QueuePort["consume"] = (options) => {
    const consumer = engine.queue.consume({
      ...options,
      handle: (queueJob) =>
        gate.pass(() => options.handle(queueJob)) as ReturnType<typeof options.handle>,
    });
    onConsume(consumer);
    return consumer;
  };
  const serve = async (queue: string): Promise<Engine | undefined> => {
    const own = await engine.serve?.(queue);
    return own && gated(own, gate, onConsume);
  };
  return through(engine, gate, {
    jobs: through(engine.jobs, gate),
    runs: through(engine.runs, gate),
    steps: through(engine.steps, gate),
    logs: through(engine.logs, gate),
    changes: through(engine.changes, gate),
    ledger: through(engine.ledger, gate),
    events: through(engine.events, gate),
    members: through(engine.members, gate),
    documents: through(engine.documents, gate),
    queue: through(engine.queue, gate, { consume }),
    serve,
    takes: (error: unknown) => engine.takes?.(error) ?? false,
  });
}

/** The same object, with its methods behind the gate and some members replaced. */
function through<T extends object>(
  target: T,
  gate: Gate,
  own: Readonly<Record<string, unknown>> = {},
): T {
  const known = new Map<PropertyKey, unknown>(Object.entries(own));
  return new Proxy(target, {
    get(_, name) {
      if (known.has(name)) return known.get(name);
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const method = (...args: unknown[]): unknown =>
        gate.pass(() => Reflect.apply(value, target, args));
      known.set(name, method);
      return method;
    },
  });
}
