import { useStore } from "../app/store.ts";
import {
  clockOf,
  dayOf,
  fullTimes,
  relativeTime,
  shortTime,
  useNow,
  zoneChoice,
  zoneOf,
} from "../app/shown-times.ts";

/** How a time is written. */
export type TimeForm = "short" | "clock" | "day" | "seconds";

/** A time, with the reader's zone, the job's and UTC a hover away. */
export function TimeOf({
  at,
  zone,
  as = "short",
}: {
  readonly at: string;
  readonly zone?: string | undefined;
  readonly as?: TimeForm;
}) {
  const shown = zoneOf(useStore(zoneChoice), zone);
  return (
    <time dateTime={at} title={fullTimes(at, zone)}>
      {written(at, shown, as)}
    </time>
  );
}

function written(at: string, zone: string, as: TimeForm): string {
  switch (as) {
    case "short":
      return shortTime(at, zone);
    case "clock":
      return clockOf(at, zone);
    case "seconds":
      return clockOf(at, zone, true);
    case "day":
      return dayOf(at, zone);
  }
}

/** How far away a time is. */
export function Away({ at, zone }: { readonly at: string; readonly zone?: string | undefined }) {
  const now = useNow();
  return (
    <time dateTime={at} title={fullTimes(at, zone)}>
      {relativeTime(at, now)}
    </time>
  );
}
