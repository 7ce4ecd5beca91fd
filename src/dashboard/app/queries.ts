import {
  type InfiniteData,
  QueryClient,
  useInfiniteQuery,
  type UseInfiniteQueryResult,
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

/** A route that answers a page of a list. */
export type ListPlace = {
  [P in Place]: Answer<P> extends { readonly nextCursor: string | null } ? P : never;
}[Place];

/** Asks the API for a list, page after page. @param limit Items of a page. */
export function usePages<P extends ListPlace>(
  place: P,
  asked: Asked<P>,
  limit: number,
): UseInfiniteQueryResult<InfiniteData<Answer<P>>, AskError> {
  const { query } = asked as { readonly query?: object };
  return useInfiniteQuery({
    // Kept apart from one answer to the same question.
    queryKey: [...keyOf(place, asked), "pages"],
    queryFn: ({ pageParam, signal }: { pageParam?: string; signal: AbortSignal }) => {
      const cursor = pageParam === undefined ? {} : { cursor: pageParam };
      return ask(place, { ...asked, query: { ...query, limit, ...cursor }, signal });
    },
    initialPageParam: undefined,
    getNextPageParam: ({ nextCursor }: { nextCursor: string | null }) => nextCursor ?? undefined,
    placeholderData: (previous: InfiniteData<Answer<P>> | undefined) => previous,
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
