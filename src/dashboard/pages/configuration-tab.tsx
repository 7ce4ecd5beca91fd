import type { Job } from "../app/answers.ts";

interface Line {
  readonly option: string;
  readonly declared: unknown;
  readonly inEffect: unknown;
  readonly isOverridden: boolean;
}

/** What the job is made of: as it was declared, and what is in effect. */
export function ConfigurationTab({ job }: { readonly job: Job }) {
  const declared = (job.declared ?? {}) as Readonly<Record<string, unknown>>;
  const { overrides } = job;
  const line = (option: string, inEffect: unknown, isOverridden = false, field = option): Line => ({
    option,
    declared: isOverridden ? declared[field] : inEffect,
    inEffect,
    isOverridden,
  });
  const lines: readonly Line[] = [
    line("schedule", job.schedule, overrides?.schedule !== undefined),
    line("state", job.state, overrides?.paused !== undefined, "paused"),
    line("timezone", job.timezone),
    line("pipeline", job.pipeline),
    line("params", job.params, overrides?.params !== undefined),
    line("queue", job.queue),
    line("owner", job.owner),
    line("source", job.source),
    line("tags", job.tags.join(", ")),
    ...Object.entries(job.policy as Readonly<Record<string, unknown>>).map(([name, value]) =>
      line(name, value),
    ),
    line("retention", job.retention),
    line("revision", job.revision),
  ];
  return (
    <div className="box scroll" tabIndex={0} role="region" aria-label="Configuration">
      <table className="tbl">
        <thead>
          <tr>
            <th>Option</th>
            <th>Declared ({job.source})</th>
            <th>In effect</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ option, declared: before, inEffect, isOverridden }) => (
            <tr key={option}>
              <td>{option}</td>
              <td className="mono wraps">
                {isOverridden ? <del>{shown(before)}</del> : shown(before)}
              </td>
              <td className="mono wraps">
                {isOverridden ? <ins>{shown(inEffect)}</ins> : shown(inEffect)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === "") return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}
