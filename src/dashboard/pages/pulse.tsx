import type { Answer } from "../app/ask.ts";
import { useStore } from "../app/store.ts";
import { clockOf, zoneChoice, zoneOf } from "../app/shown-times.ts";

type Hour = Answer<"GET /overview">["hours"][number];

const HOUR_MS = 3_600_000;
/** Heights, in pixels: of what was kept, of what was broken, and of the axis below. */
const UP = 54;
const DOWN = 22;
const BASE = 62;

/** Occurrences by hour: kept ones stand on the line, broken ones hang below it. */
export function Pulse({ hours, now }: { readonly hours: readonly Hour[]; readonly now: string }) {
  const zone = zoneOf(useStore(zoneChoice), undefined);
  const shown = everyHour(hours, new Date(now).getTime());
  const most = Math.max(1, ...shown.map(({ kept, late, excused }) => kept + late + excused));
  const worst = Math.max(1, ...shown.map(({ broken }) => broken));
  const width = 100 / shown.length;
  const bad = shown.filter(({ broken }) => broken > 0);
  const label = `Occurrences by hour; ${
    bad.length === 0
      ? "none was broken"
      : `broken: ${bad.map(({ broken, from }) => `${broken} at ${clockOf(from, zone)}`).join(", ")}`
  }`;
  return (
    <svg className="pulse" width="100%" height="112" role="img" aria-label={label}>
      <line x1="0" x2="100%" y1={BASE + 1.5} y2={BASE + 1.5} />
      {shown.map((hour, i) => {
        const x = `${i * width + 0.35}%`;
        const wide = `${width - 0.7}%`;
        const scaled = (count: number): number => (count / most) * UP;
        const [k, l, e] = [scaled(hour.kept), scaled(hour.late), scaled(hour.excused)];
        const down = hour.broken === 0 ? 0 : Math.max(4, (hour.broken / worst) * DOWN);
        const middle = `${(i + 0.5) * width}%`;
        return (
          <g key={hour.from}>
            <rect className="k" x={x} width={wide} y={BASE - k} height={k} />
            <rect className="l" x={x} width={wide} y={BASE - k - l} height={l} />
            <rect className="x" x={x} width={wide} y={BASE - k - l - e} height={e} />
            <rect className="b" x={x} width={wide} y={BASE + 3} height={down} />
            {hour.broken > 0 && (
              <text className="b" x={middle} y={BASE + down + 15} textAnchor="middle">
                {hour.broken}
              </text>
            )}
            {i % 4 === 1 && (
              <text x={x} y="110">
                {clockOf(hour.from, zone)}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}

/** An hour in which nothing was decided is an hour, too. */
function everyHour(hours: readonly Hour[], now: number): readonly Hour[] {
  const last = Math.floor(now / HOUR_MS) * HOUR_MS;
  const known = new Map(hours.map((hour) => [new Date(hour.from).getTime(), hour]));
  return Array.from({ length: 25 }, (_, i) => {
    const from = last - (24 - i) * HOUR_MS;
    const none = { kept: 0, late: 0, excused: 0, broken: 0 };
    return known.get(from) ?? { from: new Date(from).toISOString(), ...none };
  });
}
