import type { Run } from "../app/answers.ts";
import { useAsk } from "../app/queries.ts";
import { lengthOf } from "../app/shown-times.ts";
import { Glyph } from "../parts/glyph.tsx";

/** What a run's steps took, each beside the others in time. */
export function RunSteps({ run }: { readonly run: Run }) {
  const { data } = useAsk("GET /runs/{runId}/steps", { path: { runId: run.id } });
  const steps = data?.items.filter(({ kind }) => kind !== "progress") ?? [];
  if (steps.length === 0) return null;
  const begins = steps.map(({ startedAt }) => Date.parse(startedAt));
  const ends = steps.map(({ finishedAt }) => Date.parse(finishedAt));
  const from = Math.min(...begins);
  const lengthMs = Math.max(1, Math.max(...ends) - from);
  return (
    <section className="sec" aria-labelledby="steps">
      <header>
        <h2 id="steps">Steps</h2>
        <span className="m">
          that have ended; they are kept, and not run again by the next attempt
        </span>
      </header>
      <div className="box gantt">
        {steps.map(({ name, kind, durationMs, tries, error }, i) => (
          <div className="grow" key={name}>
            <span className="cut" title={name}>
              <Glyph kind={error ? "failed" : kind === "sleep" ? "sleeping" : "succeeded"} /> {name}
            </span>
            <svg className="lane" width="100%" height="26" aria-hidden="true">
              <rect
                className={error ? "b" : kind === "sleep" ? "f" : "k"}
                x={`${(100 * ((begins[i] ?? from) - from)) / lengthMs}%`}
                width={`${Math.max(0.4, (100 * durationMs) / lengthMs)}%`}
                y="7"
                height="12"
                rx="2"
              />
            </svg>
            <span className={error ? "m nw b" : "m nw"}>
              {lengthOf(durationMs)}
              {tries > 1 && `, try ${tries}`}
            </span>
          </div>
        ))}
      </div>
    </section>
  );
}
