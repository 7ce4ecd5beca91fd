import { CronduitError } from "../../core/errors.ts";

/** Receives what could not be read. */
export type Tell = (error: unknown) => void;

/**
 * Reads what can be read. Reports and leaves out the rest, which something else wrote or which was damaged, so that it does not
 * spoil everything read with it.
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

/** The result of `read`; `undefined` if it throws, which is reported. */
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

/** A result, or a marker that it can't be read: whatever is stored with it can. */
export function readResult(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return UNREADABLE;
  }
}

/** A run's params. Unreadable ones become something that is not plain JSON, and are refused when the run starts. */
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
