import { useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { type Answer, ask, AskError, sendCsrf } from "./ask.ts";
import { queries } from "./queries.ts";
import { takeLinkToken } from "./sign-in-link.ts";

/** Who is signed in. */
export type Who = Answer<"GET /session">;

const KEY = ["session"];
const SessionContext = createContext<Who | undefined>(undefined);
/** Tells the parts below who is signed in. */
export const SessionProvider = SessionContext.Provider;

/** Who is signed in; `null`: nobody. */
export function useWho(): { who: Who | null | undefined; error: AskError | null } {
  const { data, error } = useQuery<Who | null, AskError>({
    queryKey: KEY,
    queryFn: ({ signal }) => readWho(signal),
    staleTime: 60_000,
  });
  return { who: data, error };
}

let linkError: AskError | undefined;

/** Why the link that the page was opened by signed nobody in. */
export function refusalOfLink(): AskError | undefined {
  return linkError;
}

async function readWho(signal: AbortSignal): Promise<Who | null> {
  const token = takeLinkToken();
  if (token !== undefined) await enterByLink(token);
  try {
    const who = await ask("GET /session", { signal });
    sendCsrf(who.csrf);
    return who;
  } catch (error) {
    if (error instanceof AskError && error.problem.status === 401) return null;
    throw error;
  }
}

/** Whoever has a session already needs no link, so one that is refused is told on the page to sign in only. */
async function enterByLink(token: string): Promise<void> {
  try {
    await ask("POST /session/link", { body: { token } });
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    linkError = error;
  }
}

/** Somebody has signed in. */
export function enter(who: Who): void {
  sendCsrf(who.csrf);
  queries.setQueryData(KEY, who);
}

/** The session is over. */
export function leave(): void {
  sendCsrf(null);
  queries.setQueryData(KEY, null);
  // What was shown is nobody else's.
  queries.removeQueries({ predicate: ({ queryKey: [place] }) => place !== KEY[0] });
}

/** Whoever is signed in, in parts that nobody else sees. */
export function useMe(): Who {
  const who = useContext(SessionContext);
  if (!who) throw new Error("nobody is signed in");
  return who;
}

/** Whether who is signed in may change things at all. */
export function useMayChange(): boolean {
  return useMe().role !== "viewer";
}
