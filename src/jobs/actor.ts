import { z } from "zod";
import { MAX_REASON, plainTextSchema } from "./plain-text.ts";

/**
 * Through what somebody acts. `code`: a program that uses the library; `file`: a job file; `cli`: the command line; `user`
 * and `token`: the HTTP API; `system`: cronduit itself.
 */
export type ActorKind = "code" | "file" | "cli" | "user" | "token" | "system";

/** All kinds of actors. */
export const ACTOR_KINDS = [
  "code",
  "file",
  "cli",
  "user",
  "token",
  "system",
] as const satisfies readonly ActorKind[];

/** Who made a change, as it is kept with the change. */
export interface Actor {
  readonly kind: ActorKind;
  /** Whose: a host, a file, a user. 1 to 128 characters; of `system`, what acted, such as `pauseAfterFailures`. */
  readonly id: string;
  /** Why, in the actor's own words; up to 500 characters. */
  readonly note?: string;
}

/** The id of an actor. */
export const actorIdSchema = plainTextSchema(1, 128);

/** Validates an {@link Actor} of any origin. */
export const actorSchema: z.ZodType<Actor> = z.strictObject({
  kind: z.enum(ACTOR_KINDS),
  id: actorIdSchema,
  note: plainTextSchema(1, MAX_REASON).exactOptional(),
});

/** cronduit itself. @param id What of it acted, such as `pauseAfterFailures`. */
export function systemActor(id: string): Actor {
  return { kind: "system", id };
}
