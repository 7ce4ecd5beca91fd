import type { Logger } from "./log.ts";

const complete = new WeakSet<Logger>();

/** Marks a logger as one that is told of every run: whoever reads it looks for each, however many there are. */
export function telling(logger: Logger): Logger {
  complete.add(logger);
  return logger;
}

/** Whether a logger is told of every run; others are spared when there are many of a kind. */
export function isToldOfEveryRun(logger: Logger): boolean {
  return complete.has(logger);
}
