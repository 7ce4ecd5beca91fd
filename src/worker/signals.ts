type Drain = () => Promise<void>;

/** What ends on which signal. The process has one listener per signal, since Node warns of a leak from eleven on. */
const waiting = new Map<NodeJS.Signals, Set<Drain>>();

/**
 * Calls `drain` on the first of these signals. Once everything that listens has ended, the signal does what it would have
 * done: end the process, unless the program listens to it itself. A second signal ends the process at once.
 * @returns A function that removes the listeners.
 */
export function onSignals(signals: readonly NodeJS.Signals[], drain: Drain): () => void {
  for (const signal of signals) {
    const drains = waiting.get(signal) ?? new Set();
    if (drains.size === 0) process.on(signal, react);
    waiting.set(signal, drains.add(drain));
  }
  return () => {
    for (const signal of signals) forget(signal, drain);
  };
}

function react(signal: NodeJS.Signals): void {
  const drains = [...(waiting.get(signal) ?? [])];
  for (const drain of drains) for (const other of waiting.keys()) forget(other, drain);
  void Promise.allSettled(drains.map((drain) => drain())).then(() => {
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    return undefined;
  });
}

function forget(signal: NodeJS.Signals, drain: Drain): void {
  const drains = waiting.get(signal);
  if (!drains?.delete(drain) || drains.size > 0) return;
  process.off(signal, react);
  waiting.delete(signal);
}
