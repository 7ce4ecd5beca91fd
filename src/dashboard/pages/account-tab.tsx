import type { FormEvent } from "react";
import { textOf } from "../app/form-text.ts";
import { useAsk, useChange } from "../app/queries.ts";
import { leave, useMe } from "../app/session.tsx";
import { Field } from "../parts/field.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { Away } from "../parts/time-of.tsx";

/** Who one is, one's password and one's sessions. */
export function AccountTab() {
  const me = useMe();
  const user = me.user ?? "";
  const change = useChange("POST /users/{userId}/password");
  const { data: sessions } = useAsk("GET /sessions", {}, { isOff: me.user === null });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = { oldPassword: textOf(form, "old"), newPassword: textOf(form, "new") };
    // It ends all sessions, this one too.
    change.mutate({ path: { userId: user }, body }, { onSuccess: leave });
  };
  return (
    <div className="stack">
      <dl className="box pad kv">
        <dt>Name</dt>
        <dd>{me.user ?? me.actor.id}</dd>
        <dt>Role</dt>
        <dd>{me.role}</dd>
        <dt>Sees</dt>
        <dd>
          {me.role === "admin" || me.visibility === "all"
            ? "all jobs"
            : `jobs of ${me.owners.join(", ")}`}
        </dd>
      </dl>
      {me.user !== null && (
        <section className="sec" aria-labelledby="password">
          <header>
            <h2 id="password">Another password</h2>
            <span className="m">ends all your sessions, this one too</span>
          </header>
          <form className="formcol narrow" onSubmit={submit}>
            <Field label="Present password">
              <input
                className="in"
                name="old"
                type="password"
                autoComplete="current-password"
                required
              />
            </Field>
            <Field label="New password" hint="8 characters or more; any characters.">
              <input
                className="in"
                name="new"
                type="password"
                autoComplete="new-password"
                required
                minLength={8}
              />
            </Field>
            {change.error && <ProblemNote error={change.error} />}
            <div>
              <button className="btn" disabled={change.isPending}>
                Change password
              </button>
            </div>
          </form>
        </section>
      )}
      {sessions && (
        <section className="sec" aria-labelledby="sessions">
          <header>
            <h2 id="sessions">Sessions</h2>
          </header>
          <ul className="box lines plainlist">
            {sessions.items.map(({ id, address, agent, lastUsedAt, isCurrent }) => (
              <li key={id} className="pad">
                {isCurrent ? <b>This one</b> : (address ?? "unknown address")}{" "}
                <span className="m">
                  {agent}, last used <Away at={lastUsedAt} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
