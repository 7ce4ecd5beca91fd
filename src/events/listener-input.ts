import { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import { EVENT_ALL } from "../jobs/event.ts";
import { parseOptions } from "../jobs/options.ts";

const schema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.:@-]{1,64}$/)
    .meta({ allowed: "a string of 1 to 64 letters, digits and _ . : @ -" })
    .optional(),
  scope: z.enum(["all", "local"]).default("all"),
});

/** A listener's options, validated. */
export type ListenerSettings = Readonly<z.output<typeof schema>>;

/** Checks a listener's handler and options. @throws {@link CronduitError} `INVALID_OPTION` */
export function checkListener(
  call: "addListener" | "on",
  handler: unknown,
  options: unknown,
): ListenerSettings {
  if (typeof handler !== "function") {
    throw new CronduitError(
      "INVALID_OPTION",
      `${call}: the handler must be a function, not ${shown(handler)}.`,
      { data: { path: "handler" } },
    );
  }
  return parseOptions(schema, options, call);
}

/** Checks who follows events, and from where. @throws {@link CronduitError} `INVALID_OPTION` */
export function checkFollower(news: unknown, after: unknown): void {
  const isTold =
    typeof news === "object" && news !== null && typeof Reflect.get(news, "onEnd") === "function";
  if (isTold && (after === undefined || typeof after === "string")) return;
  const [path, what] = isTold
    ? ["after", `a position that a follower had, not ${shown(after)}`]
    : ["news", `an object with the functions that are told, not ${shown(news)}`];
  throw new CronduitError("INVALID_OPTION", `followEvents, ${path}: must be ${what}.`, {
    data: { path },
  });
}

/** Checks a sum of event bits. @throws {@link CronduitError} `INVALID_OPTION`, also for bits that no event has. */
export function checkMask(mask: unknown): number {
  const isMask =
    typeof mask === "number" &&
    Number.isInteger(mask) &&
    mask > 0 &&
    mask <= EVENT_ALL &&
    // oxlint-disable-next-line no-bitwise
    (mask & ~EVENT_ALL) === 0;
  if (isMask) return mask;
  throw new CronduitError(
    "INVALID_OPTION",
    `addListener, mask: ${shown(mask)} is not a sum of EVENT_… bits, such as EVENT_JOB_ERROR | EVENT_JOB_MISSED. ${remedy(mask)}`,
    { data: { path: "mask" } },
  );
}

function remedy(mask: unknown): string {
  if (mask === undefined)
    return "Leave it out for all events, and check the constant's name if you gave one.";
  if (typeof mask === "string") return `For a name, write on(${shown(mask)}, handler).`;
  if (typeof mask === "object")
    return "Options come after it: addListener(handler, EVENT_ALL, { … }).";
  return "For all events, leave it out or write EVENT_ALL.";
}
