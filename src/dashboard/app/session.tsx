import { useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { type Answer, ask, AskError, sendCsrf } from "./ask.ts";
import { queries } from "./queries.ts";

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

async function readWho(signal: AbortSignal): Promise<Who | null> {
  try {
    const who = await ask("GET /session", { signal });
    sendCsrf(who.csrf);
    return who;
  } catch (error) {
    if (error instanceof AskError && error.problem.status === 401) return null;
    throw error;
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
