import { format } from "node:util";
import { currentRun } from "./run-scope.ts";

const METHODS = ["debug", "log", "info", "warn", "error"] as const;

type Print = (...items: readonly unknown[]) => void;

const originals = new Map<(typeof METHODS)[number], Print>();
let users = 0;
/** Set while a line is passed on, since the logger that gets it may be the console. */
let isHandingOn = false;

/** From now on, what runs write to the console also goes to their logs. Returns a function that ends this. */
export function captureConsole(): () => void {
  users += 1;
  if (users === 1) patch();
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    users -= 1;
    if (users === 0) restore();
  };
}

/** Calls `print`, whose output on the console does not count as a run's. */
export function outsideOfCapture(print: () => void): void {
  const before = isHandingOn;
  isHandingOn = true;
  try {
    print();
  } finally {
    isHandingOn = before;
  }
}

function patch(): void {
  for (const method of METHODS) {
    const original: Print = console[method];
    originals.set(method, original);
    console[method] = (...items: readonly unknown[]) => {
      original.apply(console, [...items]);
      const sink = isHandingOn ? undefined : currentRun()?.output;
      if (sink) outsideOfCapture(() => sink(format(...items)));
    };
  }
}

function restore(): void {
  for (const [method, original] of originals) console[method] = original;
  originals.clear();
}
