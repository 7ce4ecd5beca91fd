import { expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { Pipeline } from "../../src/index.ts";
import type { AttemptInfo } from "../../src/execution/attempt-host.ts";
import { mayRetry } from "../../src/execution/retry-on.ts";

test("a retryOn that does not answer holds up no run for long: it is tried again", async () => {
  class Silent extends Pipeline {
    static override retryOn(): Promise<boolean> {
      return new Promise(() => undefined);
    }
    run(): void {}
  }
  const waits: number[] = [];
  const lines: string[] = [];
  const host = {
    clock: {
      ...systemClock,
      after: (delayMs: number, action: () => void) => {
        waits.push(delayMs);
        return systemClock.after(0, action);
      },
    },
    secrets: undefined,
    log: (_level: string, message: string) => void lines.push(message),
  };
  const info = { hasRetry: true, failures: 0 } as AttemptInfo;
  expect(await mayRetry(Silent, new Error("no"), info, host)).toBe(true);
  expect(waits).toEqual([10_000]);
  expect(lines).toEqual(["retryOn did not answer; the run is tried again"]);
});
