import type { Run } from "../app/answers.ts";
import { Link } from "../app/link.tsx";
import { lengthOf } from "../app/shown-times.ts";
import { pathTo } from "../app/where.ts";
import { Glyph } from "../parts/glyph.tsx";
import { kindOf, LOOKS, wordOf } from "../parts/kinds.ts";
import { Away, TimeOf } from "../parts/time-of.tsx";

/** Runs and occurrences that did not run, each with its reason. */
export function RunTable({
  runs,
  label,
  zone,
  none,
  withJob = false,
}: {
  readonly runs: readonly Run[];
  readonly label: string;
  readonly zone?: string;
  readonly none: string;
  readonly withJob?: boolean;
}) {
  if (runs.length === 0) return <p className="box pad m">{none}</p>;
  return (
    <div className="box scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="tbl occ">
        <thead>
          <tr>
            <th>Verdict</th>
            <th>Due</th>
            <th>
              <span className="vh">Ago</span>
            </th>
            <th>Why, or what came out</th>
            <th className="num">Took</th>
            <th>{withJob ? "Job" : "Worker"}</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <Row key={run.id} run={run} zone={zone} withJob={withJob} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({
  run,
  zone,
  withJob,
}: {
  readonly run: Run;
  readonly zone: string | undefined;
  readonly withJob: boolean;
}) {
  const kind = kindOf(run);
  const { tone } = LOOKS[kind];
  const shade = tone === "k" || tone === "p" ? "" : tone;
  return (
    <tr>
      <td className="nw">
        <Glyph kind={kind} /> <span className={shade || "m2"}>{wordOf(run)}</span>
      </td>
      <td className="nw">
        <Link className="plain" to={pathTo("run", run.id)}>
          <TimeOf at={run.fireTime} zone={zone} />
        </Link>
      </td>
      <td className="m nw">
        <Away at={run.fireTime} zone={zone} />
      </td>
      <td className={`why ${shade}`}>{run.why ?? cameOut(run)}</td>
      <td className="m nw num">{tookOf(run)}</td>
      <td className="m nw">
        {withJob ? <Link to={pathTo("job", run.jobId)}>{run.jobId}</Link> : run.worker}
      </td>
    </tr>
  );
}

/** What a pipeline returned, in a few words. */
function cameOut({ result, trigger, requestedBy }: Run): string {
  const by =
    trigger === "scheduled" ? "" : `${trigger}${requestedBy ? ` by ${requestedBy.id}` : ""}`;
  const text = result === null ? "" : JSON.stringify(result);
  return [by, text.length > 120 ? `${text.slice(0, 120)}…` : text].filter(Boolean).join(": ");
}

function tookOf({ durationMs, count, attempt }: Run): string {
  const parts = [
    durationMs === null ? "" : lengthOf(durationMs),
    (attempt ?? 1) > 1 ? `attempt ${attempt}` : "",
    count > 1 ? `${count} together` : "",
  ];
  return parts.filter(Boolean).join(", ");
}
