import { quantile } from "../measure/statistics.ts";

/** How long calls took. */
export interface Timed {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly perSecond: number;
  readonly calls: number;
}

/** Calls again and again, so many at once, for some time. @param call Gets the number of the call. */
export async function timeCalls(
  { seconds, atOnce }: { readonly seconds: number; readonly atOnce: number },
  call: (n: number) => Promise<void>,
): Promise<Timed> {
  const times: number[] = [];
  let next = 0;
  const from = performance.now();
  const until = from + seconds * 1_000;
  const callOn = async (): Promise<void> => {
    while (performance.now() < until) {
      const n = next++;
      const began = performance.now();
      await call(n);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, callOn));
  const perSecond = (times.length / (performance.now() - from)) * 1_000;
  times.sort((a, b) => a - b);
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), perSecond, calls: times.length };
}
