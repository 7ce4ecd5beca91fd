import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { type AskError, ask } from "../app/ask.ts";
import { enter, refusalOfLink, type Who } from "../app/session.tsx";
import { Link } from "../app/link.tsx";
import { pathTo } from "../app/where.ts";
import { WayIn } from "../shell/way-in.tsx";
import { Field } from "../parts/field.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";

/** What an answer may ask for besides. */
const CODE = "SECOND_FACTOR_REQUIRED";
const CHANGE = "PASSWORD_CHANGE_REQUIRED";

/** Sign in with name and password and, if the server wants it, a code or another password. */
export function SignInPage() {
  useEffect(() => {
    document.title = "Sign in · cronduit";
  }, []);
  const [wanted, setWanted] = useState<ReadonlySet<string>>(new Set());
  const signIn = useMutation<Who, AskError, FormData>({
    mutationFn: (form) => ask("POST /session", { body: bodyOf(form) }),
    onSuccess: enter,
    onError: ({ code }) => {
      if (code === CODE || code === CHANGE) setWanted(new Set([...wanted, code]));
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    signIn.mutate(new FormData(event.currentTarget));
  };
  const isAsked = signIn.error?.code === CODE || signIn.error?.code === CHANGE;
  const error = isAsked && wanted.size > 0 ? undefined : signIn.error;
  const [link] = useState(refusalOfLink);
  return (
    <WayIn>
      <section>
        <h1>Sign in to {location.host}</h1>
        {link && !signIn.error && <ProblemNote error={link} />}
        <form className="formcol" onSubmit={submit}>
          <Field label="Name" error={error?.problem.path === "user" ? error : undefined}>
            <input
              className="in"
              name="user"
              autoComplete="username"
              autoCapitalize="none"
              required
              autoFocus
            />
          </Field>
          <Field label="Password" error={error ?? undefined}>
            <input
              className="in"
              name="password"
              type="password"
              autoComplete="current-password"
              required
            />
          </Field>
          {wanted.has(CODE) && (
            <Field label="Code of your authenticator app" hint="Or one of your recovery codes.">
              <input className="in" name="code" autoComplete="one-time-code" required autoFocus />
            </Field>
          )}
          {wanted.has(CHANGE) && (
            <Field
              label="A password of your own"
              hint="The one that you were given is good for this only. 8 characters or more; any characters."
            >
              <input
                className="in"
                name="newPassword"
                type="password"
                autoComplete="new-password"
                required
                autoFocus
              />
            </Field>
          )}
          <button className="btn primary wideb" disabled={signIn.isPending}>
            Sign in
          </button>
        </form>
        <p className="m">
          No account? An administrator makes one. The first one is made with the code that this
          server prints: <Link to={pathTo("set-up")}>first set-up</Link>
        </p>
      </section>
    </WayIn>
  );
}

function bodyOf(form: FormData) {
  const text = (name: string): string | undefined => {
    const value = form.get(name);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const [code, newPassword] = [text("code"), text("newPassword")];
  return {
    user: text("user") ?? "",
    password: text("password") ?? "",
    ...(code === undefined ? {} : { code }),
    ...(newPassword === undefined ? {} : { newPassword }),
  };
}
