import { CliError } from "../cli-error.ts";
import type { Flags } from "../settings.ts";

/** What is asked of one page. */
interface PageAsk {
  readonly limit: number;
  readonly cursor?: string;
}

const MOST_OF_PAGE = 1_000;

/**
 * The pages of a list: as much as `--limit` says, or with `--all` everything.
 * @yields Each page as it comes.
 */
export async function* allPages<
  P extends { readonly items: readonly unknown[]; readonly nextCursor: string | null },
>(ask: (page: PageAsk) => Promise<P>, { all, limit = "50" }: Flags): AsyncGenerator<P> {
  let left = all === true ? Infinity : limitOf(limit);
  let cursor: string | null | undefined;
  while (left > 0 && cursor !== null) {
    const page = await ask({
      limit: Math.min(left, MOST_OF_PAGE),
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield page;
    left -= page.items.length;
    cursor = page.nextCursor;
  }
}

function limitOf(given: unknown): number {
  const limit = /^\d{1,7}$/.test(String(given)) ? Number(given) : 0;
  if (limit < 1)
    throw new CliError(
      "USAGE",
      `--limit: must be a whole number from 1 on; got "${String(given)}".`,
    );
  return limit;
}
