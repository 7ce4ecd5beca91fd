import type { Answer } from "../app/ask.ts";
import { Link } from "../app/link.tsx";
import { useChange } from "../app/queries.ts";
import { useMayChange } from "../app/session.tsx";
import { pathTo } from "../app/where.ts";
import { Menu } from "../parts/menu.tsx";
import { notice } from "../parts/notice.tsx";

/** What can be done with a job from a list. */
export function JobMenu({
  job,
}: {
  readonly job: Pick<Answer<"GET /jobs/{jobId}">, "id" | "state">;
}) {
  const { id } = job;
  const run = useChange("POST /jobs/{jobId}/run");
  if (!useMayChange()) return null;
  const runNow = (): void =>
    run.mutate(
      { path: { jobId: id }, body: {} },
      {
        onSuccess: () => notice.set({ text: `${id} runs now` }),
        onError: (error) => notice.set({ text: error.problem.message, isBad: true }),
      },
    );
  return (
    <Menu label={`Actions for ${id}`}>
      <button type="button" className="btn quiet" onClick={runNow}>
        Run now
      </button>
      <Link
        className="btn quiet"
        to={pathTo("job", id, { do: job.state === "paused" ? "resume" : "pause" })}
      >
        {job.state === "paused" ? "Resume…" : "Pause…"}
      </Link>
      <Link className="btn quiet" to={pathTo("edit", id)}>
        Edit
      </Link>
    </Menu>
  );
}
