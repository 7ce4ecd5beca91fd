/**
 * On the first of these signals calls `drain`, and then lets the signal do what it would have done: end the process,
 * unless the program listens to it itself. A second signal ends the process at once.
 * @returns Forgets the signals.
 */
export function onSignals(
  signals: readonly NodeJS.Signals[],
  drain: () => Promise<void>,
): () => void {
  const forget = (): void => {
    for (const signal of signals) process.off(signal, react);
  };
  const react = (signal: NodeJS.Signals): void => {
    forget();
    void drain().finally(() => {
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  };
  for (const signal of signals) process.on(signal, react);
  return forget;
}
