import type {
  ManualTriggerObject,
  ManualTriggerOptions,
  NamedTriggerOptions,
  TriggerObject,
} from "./trigger-options.ts";
import { flatten, flattenMember } from "./resolve/flatten.ts";
import { checkShape } from "./resolve/shape.ts";

/**
 * Makes a trigger object: a frozen copy, validated as far as possible before it is known when and for which job it is
 * used. Dates become text, so that the object is JSON and stays the same after a round trip through JSON.
 */
export function buildTrigger(options: ManualTriggerOptions): ManualTriggerObject;
export function buildTrigger(options: NamedTriggerOptions): TriggerObject;
export function buildTrigger(
  options: NamedTriggerOptions | ManualTriggerOptions,
): TriggerObject | ManualTriggerObject {
  const { kind, given } = flatten(options);
  const fields = checkShape(kind, given);
  const members = kind === "or" || kind === "and" ? (fields["triggers"] as unknown[]) : [];
  for (const [place, member] of members.entries()) {
    const inner = flattenMember(member, place);
    checkShape(inner.kind, inner.given);
  }
  return deepFreeze(JSON.parse(JSON.stringify(options))) as TriggerObject | ManualTriggerObject;
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === "object" && value !== null)
    Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
