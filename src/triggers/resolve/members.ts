import { TriggerError } from "../../core/errors.ts";
import { andDepth } from "../and-trigger.ts";
import type { ResolveContext } from "./context.ts";
import { MAX_MEMBERS, type AndSpec, type OrSpec, type ScheduleSpec } from "../spec.ts";
import { bounds, zoneName, type Fields, type ResolveMember } from "./fields.ts";

/** Resolves `or` and `and`; members without their own zone and `dst` inherit them. */
export function resolveMembers(
  kind: "or" | "and",
  fields: Fields,
  context: ResolveContext,
  member: ResolveMember,
): OrSpec | AndSpec {
  const members = Array.isArray(fields["triggers"]) ? fields["triggers"] : [];
  const dst = fields.dst ?? context.dst;
  const inherited = {
    ...context,
    timezone: zoneName(fields, context),
    ...(dst === undefined ? {} : { dst }),
  };
  const resolved = members.map((one: unknown, place) => member(one, inherited, place));
  // `and(and(a, b), c)` is `and(a, b, c)`: one search instead of a search in a search.
  const triggers = resolved.flatMap((one) => (isSame(kind, one) ? one.triggers : [one]));
  if (Math.max(...triggers.map(andDepth)) > 1 || triggers.length > MAX_MEMBERS) {
    throw new TriggerError(
      `triggers: at most ${MAX_MEMBERS} members, and at most two nested "and".`,
      {
        field: "triggers",
      },
    );
  }
  return { kind, triggers, ...bounds(fields, context) };
}

function isSame(kind: "or" | "and", spec: ScheduleSpec): spec is OrSpec | AndSpec {
  return (
    spec.kind === kind &&
    "triggers" in spec &&
    spec.startAt === undefined &&
    spec.endAt === undefined
  );
}
