interface Pages {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  readonly fetchNextPage: () => unknown;
}

/** Fetches the next page of a list, where there is one. */
export function MoreButton({
  of,
  text,
  className = "btn",
}: {
  readonly of: Pages;
  readonly text: string;
  readonly className?: string;
}) {
  if (!of.hasNextPage) return null;
  return (
    <button
      type="button"
      className={className}
      disabled={of.isFetchingNextPage}
      onClick={() => void of.fetchNextPage()}
    >
      {text}
    </button>
  );
}
