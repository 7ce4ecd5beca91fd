import { useAsk } from "../app/queries.ts";

/** Most slots that are drawn singly. */
const DRAWN = 16;

/** The live workers, and how busy they are. */
export function WorkerList() {
  const { data } = useAsk("GET /workers", {});
  if (!data) return null;
  return (
    <section className="sec" aria-labelledby="workers">
      <header>
        <h2 id="workers">Workers</h2>
        {data.items.length === 0 && <span className="m b">none: nothing runs</span>}
      </header>
      {data.items.length > 0 && (
        <ul className="box lines workers">
          {data.items.map(({ id, host, pid, queues, concurrency, running }) => (
            <li key={id}>
              <span className="cut" title={id}>
                {host} <span className="m">{pid}</span>
              </span>
              <span className="m cut">{queues.join(", ")}</span>
              <Slots of={concurrency * queues.length} busy={running.length} />
              <span className="m">
                {running.length} of {concurrency * queues.length}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Slots({ of, busy }: { readonly of: number; readonly busy: number }) {
  const drawn = Math.min(of, DRAWN);
  const filled = of > DRAWN ? Math.ceil((busy / of) * DRAWN) : busy;
  return (
    <svg
      className="slots"
      width="100%"
      height="12"
      viewBox={`0 0 ${drawn * 7} 12`}
      preserveAspectRatio="xMinYMid"
      aria-hidden="true"
    >
      {Array.from({ length: drawn }, (_, i) => (
        <rect
          key={i}
          className={i < filled ? "f" : "tr"}
          x={i * 7 + 0.5}
          y=".5"
          width="5"
          height="11"
          rx="1"
        />
      ))}
    </svg>
  );
}
