import { type Kind, LOOKS } from "./kinds.ts";

/** What a picture is made of: lines and areas, in a square of 16. */
interface Drawing {
  readonly lines?: string;
  readonly areas?: string;
  readonly isDashed?: boolean;
}

const RING = "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8Z";
const DISC = "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Z";
const SQUARE = "M2.2 2.2h11.6v11.6H2.2z";

/** Of what became of an occurrence. Filled ran, hollow did not. */
const GLYPHS: Readonly<Record<Kind, Drawing>> = {
  succeeded: { areas: `${DISC}m3.2 3.9L6.9 9.2 4.8 7.1 3.7 8.2l3.2 3.2 5.4-5.4z` },
  late: { areas: `${DISC}m-.8 2.8v4.7l3.2 2 .9-1.3-2.5-1.6V3.8z` },
  failed: {
    areas:
      "M3 1.4h10A1.6 1.6 0 0 1 14.6 3v10a1.6 1.6 0 0 1-1.6 1.6H3A1.6 1.6 0 0 1 1.4 13V3A1.6 1.6 0 0 1 3 1.4Zm1.6 4.3L6.9 8l-2.3 2.3 1.1 1.1L8 9.1l2.3 2.3 1.1-1.1L9.1 8l2.3-2.3-1.1-1.1L8 6.9 5.7 4.6z",
  },
  missed: { lines: SQUARE },
  max: { lines: SQUARE, areas: "M4.6 6.8h6.8v2.4H4.6z" },
  overdue: { lines: SQUARE, areas: "M7.1 4.3h1.8v4.6H7.1zM7.1 10.2h1.8V12H7.1z", isDashed: true },
  condition: { lines: "M8 1.6 14.4 8 8 14.4 1.6 8z", areas: "M7 7h2v2H7z" },
  paused: { lines: RING, areas: "M5.6 5.2h1.7v5.6H5.6zM8.7 5.2h1.7v5.6H8.7z" },
  requested: { lines: `${RING}M5.6 10.4 10.4 5.6` },
  coalesced: { lines: "M1.8 3.8h2.6L8 8h5M1.8 12.2h2.6L8 8M10.6 5.2 13.6 8l-3 2.8" },
  cancelled: { lines: RING, areas: "M1.8 8h12.4A6.2 6.2 0 0 1 1.8 8Z" },
  other: { lines: RING, areas: "M8 6.3a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4Z" },
  queued: {
    lines: RING,
    areas: "M4.2 7.2h1.7v1.7H4.2zM7.2 7.2h1.7v1.7H7.2zM10.2 7.2h1.7v1.7h-1.7z",
  },
  running: { areas: `${DISC}M6.2 4.7v6.6L11.4 8z` },
  retrying: { lines: "M13.2 8A5.2 5.2 0 1 1 11.4 4.1", areas: "M12.9 1.6v4.2H8.7z" },
  sleeping: { areas: "M13.6 10.2A6.3 6.3 0 0 1 5.8 2.4a6.3 6.3 0 1 0 7.8 7.8Z" },
  planned: { lines: "M8 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z" },
};

const ICONS = {
  brand: { areas: "M2 2h3v12H2zM11 2h3v12h-3z", lines: "M7.15 2.65h1.7v10.7h-1.7z" },
  close: { lines: "M4 4l8 8M12 4l-8 8" },
  copy: { lines: "M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1" },
  edit: { lines: "M3 13l.6-3L11 2.6 13.4 5 6 12.4z" },
  events: { lines: "M1.5 8h3l2-5 3 10 2-5h3" },
  file: { lines: "M4 2h5l3 3v9H4zM9 2v3h3" },
  jobs: { lines: "M2 4h1M5.5 4H14M2 8h1M5.5 8H14M2 12h1M5.5 12H14" },
  more: { areas: "M2.5 7h2v2h-2zM7 7h2v2H7zM11.5 7h2v2h-2z" },
  overview: { lines: "M2 13.5V9M6 13.5V3M10 13.5V6.5M14 13.5V4.5" },
  pause: { areas: "M4 3h2.6v10H4zM9.4 3H12v10H9.4z" },
  person: {
    lines:
      "M8 2.5a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2ZM2.8 13.8c.4-2.9 2.4-4.2 5.2-4.2s4.8 1.3 5.2 4.2",
  },
  play: { areas: "M4.5 2.8v10.4L13 8z" },
  plus: { lines: "M8 3v10M3 8h10" },
  runs: { lines: "M2 3.5h4v3H2zM2 9.5h4v3H2zM9 5h5M9 11h5" },
  search: { lines: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9ZM10.4 10.4 14 14" },
  settings: { lines: "M2 4.5h6M11.5 4.5H14M2 11.5h2.5M8 11.5h6M8.2 2.7v3.6M4.8 9.7v3.6" },
  theme: { areas: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM8 3v10A5 5 0 0 0 8 3Z" },
  timeline: { lines: "M2 4h6M5 8h8M3.5 12h4M10 2v12" },
  trash: { lines: "M3 4.5h10M6 4.5V3h4v1.5M4.2 4.5l.6 9h6.4l.6-9" },
  workers: { lines: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01" },
} as const satisfies Readonly<Record<string, Drawing>>;

/** The name of an icon. */
export type IconName = keyof typeof ICONS;

function Shapes({ of: { lines, areas, isDashed = false } }: { readonly of: Drawing }) {
  return (
    <>
      {lines !== undefined && (
        <path className="o" d={lines} strokeDasharray={isDashed ? "3.2 2.6" : undefined} />
      )}
      {areas !== undefined && <path d={areas} />}
    </>
  );
}

/** What became of an occurrence, as a sign. @param isNamed Whether it stands without its word, so that it must be named. */
export function Glyph({
  kind,
  isNamed = false,
}: {
  readonly kind: Kind;
  readonly isNamed?: boolean;
}) {
  const { tone, word } = LOOKS[kind];
  const named = isNamed ? { role: "img", "aria-label": word } : { "aria-hidden": true };
  return (
    <svg className={`g ${tone}`} viewBox="0 0 16 16" {...named}>
      <Shapes of={GLYPHS[kind]} />
    </svg>
  );
}

/** A picture beside a word. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <Shapes of={ICONS[name]} />
    </svg>
  );
}
