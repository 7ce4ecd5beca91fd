import { useAsk } from "../app/queries.ts";
import { Loading } from "../parts/loading.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { TimeOf } from "../parts/time-of.tsx";

/** What happened to accounts, the newest first. */
export function AuditTab() {
  const { data, error } = useAsk("GET /audit", { query: { limit: 200 } });
  if (error) return <ProblemNote error={error} />;
  if (!data) return <Loading />;
  return (
    <div className="box scroll" tabIndex={0} role="region" aria-label="Audit">
      <table className="tbl">
        <thead>
          <tr>
            <th>Time</th>
            <th>What</th>
            <th>Whose</th>
            <th>By</th>
            <th>From</th>
          </tr>
        </thead>
        <tbody>
          {data.items.map(({ at, action, user, by, address, detail }, i) => (
            // oxlint-disable-next-line react/no-array-index-key -- entries have no name, and several may be of one time
            <tr key={`${at} ${i}`}>
              <td className="nw">
                <TimeOf at={at} as="seconds" />{" "}
                <span className="m">
                  <TimeOf at={at} as="day" />
                </span>
              </td>
              <td>
                {action.replaceAll("-", " ")} <span className="m">{detail}</span>
              </td>
              <td>{user}</td>
              <td>{by?.id}</td>
              <td className="m">{address}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
