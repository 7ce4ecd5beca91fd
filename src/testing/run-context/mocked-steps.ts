import type { RunContext, StepOptions, StepTry } from "../../pipeline/run-context.ts";

/** What stands in for a step's work: a function that is called instead, an error to throw, or the result itself. */
export type StepMock = ((current: StepTry) => unknown) | Error | JsonLike;

/** Values that a step can return. */
type JsonLike =
  | null
  | string
  | number
  | boolean
  | readonly unknown[]
  | { readonly [key: string]: unknown }
  | undefined;

/** `step`, with the work of the steps named in `mocks` replaced. Names, retries and results are handled as ever. */
export function withMocks(
  step: RunContext["step"],
  mocks: Readonly<Record<string, StepMock>>,
): RunContext["step"] {
  return <T>(
    name: string,
    work: (current: StepTry) => T | PromiseLike<T>,
    options?: StepOptions,
  ): Promise<T> => {
    if (!Object.hasOwn(mocks, name)) return step(name, work, options);
    return step(name, standIn(mocks[name]) as (current: StepTry) => T, options);
  };
}

function standIn(mock: StepMock): (current: StepTry) => unknown {
  if (typeof mock === "function") return mock;
  return () => {
    if (mock instanceof Error) throw mock;
    return mock;
  };
}
