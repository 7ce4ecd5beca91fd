/**
 * What `sleep` throws so that a run lets go of its worker and goes on later. Code that catches everything should let it
 * pass; where it does not, the run is put to sleep all the same.
 */
export class SleepSignal extends Error {
  constructor() {
    super("The run goes on later; this is how sleep leaves it. Let it pass.");
    this.name = "SleepSignal";
  }
}
