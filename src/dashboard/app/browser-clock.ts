/** The only file of the dashboard that reads the time or sets timers. */

/** How far the server's clock is ahead of the browser's, in ms, by its last answer. */
let aheadMs = 0;

/** Learns the server's time from an answer. Its header has whole seconds, so that less than two are no difference. */
export function learnTime(response: Response): void {
  const told = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(told)) return;
  const difference = told + 500 - Date.now();
  aheadMs = Math.abs(difference) < 2_000 ? 0 : difference;
}

/** The server's time now, in epoch milliseconds. */
export function serverNow(): number {
  return Date.now() + aheadMs;
}

/** Calls back later. @returns what calls it off */
export function later(ms: number, then: () => void): () => void {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
}

/** Calls back again and again. @returns what ends it */
export function every(ms: number, then: () => void): () => void {
  const timer = setInterval(then, ms);
  return () => clearInterval(timer);
}
