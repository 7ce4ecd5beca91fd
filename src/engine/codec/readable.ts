import { CronduitError } from "../../core/errors.ts";

/** Is told of what could not be read. */
export type Tell = (error: unknown) => void;

/**
 * Reads what can be read; what can't, since something else wrote it or it was damaged, is told and left out, so that it does not
 * take with it whatever is read beside it.
 * @param what Names one of the items in the message.
 */
export function readEach<T, R>(
  items: readonly T[],
  what: string,
  read: (item: T, index: number) => R,
  tell: Tell,
): Exclude<R, undefined>[] {
  return items.flatMap((item, i) => {
    const found = readOne(what, () => read(item, i), tell);
    return found === undefined ? [] : [found as Exclude<R, undefined>];
  });
}

/** What `read` gives; `undefined` if it throws, and that is told. */
export function readOne<R>(what: string, read: () => R, tell: Tell): R | undefined {
  try {
    return read();
  } catch (error) {
    tell(
      new CronduitError(
        "UNREADABLE_RECORD",
        `A stored ${what} can't be read; it is left out. Something else wrote it, or it was damaged.`,
        { data: { what }, cause: error },
      ),
    );
    return undefined;
  }
}

/** Stands for a result that can't be read. */
const UNREADABLE = { $unreadable: true } as const;

/** A result, or what says that it can't be read: whatever stands beside it can. */
export function readResult(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return UNREADABLE;
  }
}

/** The params of a run. Params that can't be read are no plain JSON, so they are refused when the run begins. */
export function readParams(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return new UnreadableParams();
  }
}

class UnreadableParams {
  readonly isUnreadable = true;
}
