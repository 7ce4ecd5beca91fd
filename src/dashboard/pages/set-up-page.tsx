import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { type AskError, ask } from "../app/ask.ts";
import { textOf } from "../app/form-text.ts";
import { enter, type Who } from "../app/session.tsx";
import { Link } from "../app/link.tsx";
import { go, pathTo } from "../app/where.ts";
import { Field } from "../parts/field.tsx";
import { WayIn } from "../shell/way-in.tsx";

/** The first administrator, by the code that the server printed. The code may come in the address, and is taken out of it at once. */
export function SetUpPage() {
  const [token] = useState(takeToken);
  useEffect(() => {
    document.title = "First set-up · cronduit";
  }, []);
  const setUp = useMutation<Who, AskError, FormData>({
    mutationFn: async (form) => {
      const [user, password] = [textOf(form, "user"), textOf(form, "password")];
      await ask("POST /setup", { body: { token: textOf(form, "token"), user, password } });
      return ask("POST /session", { body: { user, password } });
    },
    onSuccess: (who) => {
      enter(who);
      go(pathTo(""), { replace: true });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setUp.mutate(new FormData(event.currentTarget));
  };
  const { error } = setUp;
  const at = (field: string) => (error?.problem.path === field ? error : undefined);
  const isElsewhere = error && !["user", "password"].includes(error.problem.path ?? "");
  return (
    <WayIn>
      <section>
        <h1>Make the first account</h1>
        <p className="m2">
          Whoever holds the code that this server printed becomes its administrator.
        </p>
        <form className="formcol" onSubmit={submit}>
          <Field label="Set-up code" error={isElsewhere ? error : undefined}>
            <input
              className="in mono"
              name="token"
              defaultValue={token}
              autoComplete="off"
              spellCheck={false}
              required
              autoFocus={token === ""}
            />
          </Field>
          <Field label="Your name" hint="Letters, digits, . _ - and @" error={at("user")}>
            <input
              className="in"
              name="user"
              autoComplete="username"
              autoCapitalize="none"
              required
              autoFocus={token !== ""}
            />
          </Field>
          <Field
            label="Password"
            hint="8 characters or more; any characters."
            error={at("password")}
          >
            <input
              className="in"
              name="password"
              type="password"
              autoComplete="new-password"
              required
              minLength={8}
            />
          </Field>
          <button className="btn primary wideb" disabled={setUp.isPending}>
            Create administrator
          </button>
        </form>
        <p className="m">
          There are accounts already? <Link to={pathTo("sign-in")}>Sign in</Link>
        </p>
      </section>
    </WayIn>
  );
}

/** A code in the address would stay in the history, and in the log of a proxy that is asked for it again. */
function takeToken(): string {
  const url = new URL(location.href);
  const fragment = new URLSearchParams(url.hash.slice(1));
  const token = fragment.get("token") ?? url.searchParams.get("token") ?? "";
  if (token !== "") history.replaceState(history.state, "", url.pathname);
  return token;
}
