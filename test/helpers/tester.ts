import type { Actor } from "../../src/jobs/actor.ts";

/** Who makes the changes of tests. */
export const TESTER: Actor = { kind: "code", id: "test" };
