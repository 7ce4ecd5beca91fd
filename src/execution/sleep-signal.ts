/**
 * `sleep` throws this, so that a run releases its worker and continues later. Code that catches everything should
 * rethrow it; if it doesn't, the run goes to sleep anyway.
 */
export class SleepSignal extends Error {
  constructor() {
    super("The run goes on later; this is how sleep leaves it. Let it pass.");
    this.name = "SleepSignal";
  }
}
