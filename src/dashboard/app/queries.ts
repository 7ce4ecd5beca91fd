import {
  QueryClient,
  useMutation,
  type UseMutationResult,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from "@tanstack/react-query";
import { type Answer, ask, type Asked, AskError, type Place } from "./ask.ts";

/** What the page has asked so far. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // What a browser can't change, a second try does not, either.
      retry: (count, error) =>
        count < 2 && (!(error instanceof AskError) || error.problem.status >= 500),
      refetchOnWindowFocus: true,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

/** The name under which an answer is kept. */
export function keyOf<P extends Place>(place: P, asked: Asked<P>): readonly [P, Asked<P>] {
  return [place, asked];
}

/** Asks the API, and again whenever something happened. @param how `isOff`: not now. */
export function useAsk<P extends Place>(
  place: P,
  asked: Asked<P>,
  { isOff = false, everyMs }: { readonly isOff?: boolean; readonly everyMs?: number } = {},
): UseQueryResult<Answer<P>, AskError> {
  return useQuery<Answer<P>, AskError>({
    queryKey: keyOf(place, asked),
    queryFn: ({ signal }: { readonly signal: AbortSignal }) => ask(place, { ...asked, signal }),
    enabled: !isOff,
    // The old answer stays until there is another.
    placeholderData: (previous: Answer<P> | undefined) => previous,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  } as never);
}

/** Changes something by the API; what was asked before is asked again. */
export function useChange<P extends Place>(
  place: P,
): UseMutationResult<Answer<P>, AskError, Asked<P>> {
  const client = useQueryClient();
  return useMutation<Answer<P>, AskError, Asked<P>>({
    mutationFn: (asked) => ask(place, asked),
    onSuccess: () => client.invalidateQueries(),
  });
}
