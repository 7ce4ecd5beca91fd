import { type FormEvent, useState } from "react";
import { textOf } from "../app/form-text.ts";
import { useAsk, useChange } from "../app/queries.ts";
import { roleIn, ROLES } from "../app/roles.ts";
import { Field } from "../parts/field.tsx";
import { notice } from "../parts/notice.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { ToldOnce } from "../parts/told-once.tsx";

/** Who may sign in, and do what. */
export function UsersTab() {
  const { data, error } = useAsk("GET /users", { query: { limit: 500 } });
  const create = useChange("POST /users");
  const change = useChange("PATCH /users/{userId}");
  const reset = useChange("POST /users/{userId}/password/reset");
  const [told, setTold] = useState<{ readonly user: string; readonly password: string }>();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const teams = textOf(form, "teams")
      .split(",")
      .map((team) => team.trim())
      .filter(Boolean);
    create.mutate(
      { body: { id: textOf(form, "id"), role: roleIn(form), teams } },
      {
        onSuccess: ({ user, oneTimePassword }) =>
          setTold({ user: user.id, password: oneTimePassword }),
      },
    );
  };
  const failed = error ?? create.error ?? change.error ?? reset.error;
  return (
    <div className="stack">
      <form className="row" onSubmit={submit}>
        <Field label="Name">
          <input className="in" name="id" required autoCapitalize="none" />
        </Field>
        <Field label="May">
          <select className="in" name="role">
            {ROLES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </Field>
        <Field label="Teams">
          <input className="in" name="teams" placeholder="billing, data" />
        </Field>
        <button className="btn primary" disabled={create.isPending}>
          Add a user
        </button>
      </form>
      {failed && <ProblemNote error={failed} />}
      {told && (
        <ToldOnce secret={told.password} close={() => setTold(undefined)} done="Done">
          Give {told.user} this password, which is good for one day and for choosing another:
        </ToldOnce>
      )}
      {data && (
        <div className="box scroll" tabIndex={0} role="region" aria-label="Users">
          <table className="tbl">
            <thead>
              <tr>
                <th>Name</th>
                <th>May</th>
                <th>Teams</th>
                <th>
                  <span className="vh">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.items.map(({ id, role, teams, isDisabled }) => (
                <tr key={id}>
                  <td>
                    {id} {isDisabled && <span className="badge warn">disabled</span>}
                  </td>
                  <td>
                    <select
                      className="in short"
                      aria-label={`What ${id} may do`}
                      value={role}
                      onChange={(event) => {
                        const next = ROLES.find((one) => one === event.target.value);
                        if (next) change.mutate({ path: { userId: id }, body: { role: next } });
                      }}
                    >
                      {ROLES.map((one) => (
                        <option key={one}>{one}</option>
                      ))}
                    </select>
                  </td>
                  <td>{teams.join(", ")}</td>
                  <td className="nw">
                    <button
                      type="button"
                      className="btn quiet"
                      onClick={() =>
                        change.mutate(
                          { path: { userId: id }, body: { isDisabled: !isDisabled } },
                          {
                            onSuccess: () =>
                              notice.set({
                                text: `${id} is ${isDisabled ? "enabled" : "disabled"}`,
                              }),
                          },
                        )
                      }
                    >
                      {isDisabled ? "Enable" : "Disable"}
                    </button>
                    <button
                      type="button"
                      className="btn quiet"
                      onClick={() =>
                        reset.mutate(
                          { path: { userId: id } },
                          {
                            onSuccess: ({ oneTimePassword }) =>
                              setTold({ user: id, password: oneTimePassword }),
                          },
                        )
                      }
                    >
                      Reset password
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
