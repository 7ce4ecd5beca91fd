import { type MouseEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Answer } from "../app/ask.ts";
import { go, pathTo } from "../app/where.ts";
import { type Kind, kindOf, LOOKS } from "../parts/kinds.ts";
import { toneColors } from "./tones.ts";

/** What was and what comes of a job. */
export type TimelineRow = Answer<"GET /timeline">["items"][number];

/** The window that is shown, in epoch ms. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
  readonly now: number;
}

const HEIGHT = 34;
const LEAST = 2;
/** Marks that hollow shapes stand for: these did not run. */
const HOLLOW = new Set<Kind>([
  "missed",
  "max",
  "condition",
  "paused",
  "requested",
  "coalesced",
  "other",
]);

/** One job's past and future. Filled ran, hollow did not, outlines are planned. */
export function TimelineLane({
  row,
  window: shown,
}: {
  readonly row: TimelineRow;
  readonly window: TimeWindow;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, width, row, shown);
  }, [width, row, shown]);
  const open = (event: MouseEvent<HTMLCanvasElement>): void => {
    const { left } = event.currentTarget.getBoundingClientRect();
    const at = shown.from + ((event.clientX - left) / width) * (shown.to - shown.from);
    const nearest = nearestTo(row, at, (shown.to - shown.from) / width);
    if (nearest !== undefined) go(pathTo("run", nearest));
  };
  return (
    // The list of the same occurrences, for keys, is on the job's page.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <canvas ref={canvas} className="lane" role="img" aria-label={said(row)} onClick={open} />
  );
}

function said({ jobId, decided, planned }: TimelineRow): string {
  const counts = new Map<string, number>();
  for (const mark of decided) {
    const { word } = LOOKS[kindOf(mark)];
    counts.set(word, (counts.get(word) ?? 0) + mark.count);
  }
  const parts = [...counts].map(([word, count]) => `${count} ${word}`);
  const coming = planned.reduce((sum, { count }) => sum + count, 0);
  return `${jobId}: ${[...parts, `${coming} planned`].join(", ")}`;
}

function nearestTo({ decided }: TimelineRow, at: number, msPerPixel: number): string | undefined {
  const away = decided.map((mark) => ({
    runId: mark.runId,
    ms: Math.abs(Date.parse(mark.fireTime) - at),
  }));
  const [best] = away.toSorted((a, b) => a.ms - b.ms);
  return best && best.ms < 12 * msPerPixel ? best.runId : undefined;
}

function draw(
  canvas: HTMLCanvasElement,
  width: number,
  row: TimelineRow,
  { from, to, now }: TimeWindow,
): void {
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = HEIGHT * scale;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.scale(scale, scale);
  const colors = toneColors();
  const x = (ms: number): number => ((ms - from) / (to - from)) * width;
  for (const mark of row.planned) {
    const [begin, end] = [x(Date.parse(mark.firstFireTime)), x(Date.parse(mark.fireTime))];
    const lasts = ((row.usualDurationMs ?? 0) / (to - from)) * width;
    pen.strokeStyle =
      mark.state === "due" ? colors.b : mark.state === "future" ? colors.p : colors.x;
    pen.strokeRect(begin + 0.5, 12.5, Math.max(LEAST, end - begin + lasts), 9);
  }
  for (const mark of row.decided) drawDecided(pen, mark, { x, now, colors });
  pen.fillStyle = colors.f;
  pen.fillRect(x(now), 0, 1.5, HEIGHT);
}

function drawDecided(
  pen: CanvasRenderingContext2D,
  mark: TimelineRow["decided"][number],
  {
    x,
    now,
    colors,
  }: {
    readonly x: (ms: number) => number;
    readonly now: number;
    readonly colors: ReturnType<typeof toneColors>;
  },
): void {
  const kind = kindOf(mark);
  const { tone } = LOOKS[kind];
  const begin = x(Date.parse(mark.startedAt ?? mark.firstFireTime));
  const isOpen = tone === "f";
  const end = x(isOpen ? now : Date.parse(mark.finishedAt ?? mark.fireTime));
  const length = Math.max(kind === "succeeded" ? LEAST : LEAST + 2, end - begin);
  // Kept is short; whatever else happened stands taller.
  const isQuiet = kind === "succeeded";
  const [top, height] = isQuiet ? [12, 10] : [8, 18];
  if (HOLLOW.has(kind)) {
    pen.strokeStyle = colors[tone];
    pen.lineWidth = 1.5;
    pen.strokeRect(begin + 0.75, top + 0.75, length, height - 1.5);
    pen.lineWidth = 1;
    return;
  }
  pen.fillStyle = colors[tone];
  pen.fillRect(begin, top, length, height);
}
