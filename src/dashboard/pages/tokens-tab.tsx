import { type FormEvent, useState } from "react";
import { textOf } from "../app/form-text.ts";
import { useAsk, useChange } from "../app/queries.ts";
import { roleIn, ROLES } from "../app/roles.ts";
import { useMe } from "../app/session.tsx";
import { Field } from "../parts/field.tsx";
import { notice } from "../parts/notice.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { Away } from "../parts/time-of.tsx";
import { ToldOnce } from "../parts/told-once.tsx";

/** API tokens: those that work, and another one, whose secret is told once. */
export function TokensTab() {
  const { role } = useMe();
  const { data, error } = useAsk("GET /tokens", { query: { limit: 200 } });
  const create = useChange("POST /tokens");
  const revoke = useChange("DELETE /tokens/{tokenId}");
  const [secret, setSecret] = useState<string>();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = {
      name: textOf(form, "name"),
      role: roleIn(form),
      expiresInDays: Number(form.get("days")),
    };
    create.mutate({ body }, { onSuccess: (made) => setSecret(made.secret) });
  };
  return (
    <div className="stack">
      {error && <ProblemNote error={error} />}
      <form className="row" onSubmit={submit}>
        <Field label="Name">
          <input className="in" name="name" required pattern="[\w.\-]{1,60}" placeholder="ci" />
        </Field>
        <Field label="May">
          <select className="in" name="role">
            {ROLES.slice(0, ROLES.indexOf(role) + 1).map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </Field>
        <Field label="Days">
          <input className="in" name="days" type="number" min={1} max={365} defaultValue={90} />
        </Field>
        <button className="btn primary" disabled={create.isPending}>
          Make a token
        </button>
      </form>
      {create.error && <ProblemNote error={create.error} />}
      {secret !== undefined && (
        <ToldOnce secret={secret} close={() => setSecret(undefined)} done="I have it">
          Copy it now: it is told only here.
        </ToldOnce>
      )}
      {data && data.items.length === 0 && <p className="box pad m">No tokens yet.</p>}
      {data && data.items.length > 0 && (
        <div className="box scroll" tabIndex={0} role="region" aria-label="API tokens">
          <table className="tbl">
            <thead>
              <tr>
                <th>Name</th>
                <th>Of</th>
                <th>May</th>
                <th>Last used</th>
                <th>Ends</th>
                <th>
                  <span className="vh">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.items.map(({ id, name, user, role: may, lastUsedAt, expiresAt }) => (
                <tr key={id}>
                  <td>{name}</td>
                  <td>{user}</td>
                  <td>{may}</td>
                  <td>{lastUsedAt === null ? "not yet" : <Away at={lastUsedAt} />}</td>
                  <td>{expiresAt === null ? "never" : <Away at={expiresAt} />}</td>
                  <td>
                    <button
                      type="button"
                      className="btn danger"
                      aria-label={`Revoke ${name}`}
                      onClick={() =>
                        revoke.mutate(
                          { path: { tokenId: id } },
                          { onSuccess: () => notice.set({ text: `${name} is revoked` }) },
                        )
                      }
                    >
                      Revoke
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
