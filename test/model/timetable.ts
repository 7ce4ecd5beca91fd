/** When a job of the model is due; its fire times are enumerated one by one. */
export type Timetable =
  | {
      readonly kind: "every";
      readonly everyMs: number;
      readonly startAt: number;
      readonly endAt: number | null;
    }
  | { readonly kind: "once"; readonly runAt: number };

/** The fire times after `after` and up to `upTo`. */
export function fires(timetable: Timetable, after: number, upTo: number): number[] {
  if (timetable.kind === "once") {
    const { runAt } = timetable;
    return runAt > after && runAt <= upTo ? [runAt] : [];
  }
  const { everyMs, startAt, endAt } = timetable;
  const last = Math.min(upTo, endAt ?? upTo);
  const found: number[] = [];
  for (let at = startAt; at <= last; at += everyMs) if (at > after) found.push(at);
  return found;
}

/** The first fire time after `after`. */
export function firstAfter(timetable: Timetable, after: number): number | undefined {
  if (timetable.kind === "once") return timetable.runAt > after ? timetable.runAt : undefined;
  const { everyMs, startAt, endAt } = timetable;
  let at = startAt;
  while (at <= after) at += everyMs;
  return endAt !== null && at > endAt ? undefined : at;
}

/** The trigger as users write it. */
export function triggerOptions(timetable: Timetable): Record<string, unknown> {
  if (timetable.kind === "once") return { trigger: "date", runDate: new Date(timetable.runAt) };
  const { everyMs, startAt, endAt } = timetable;
  return {
    trigger: "interval",
    milliseconds: everyMs,
    startDate: new Date(startAt),
    ...(endAt === null ? {} : { endDate: new Date(endAt) }),
  };
}
