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

/** Stands in for the work of steps. */
export class MockedSteps {
  readonly #mocks: Readonly<Record<string, StepMock>>;
  readonly #unused: Set<string>;

  /** @param mocks By the names of the steps. */
  constructor(mocks: Readonly<Record<string, StepMock>>) {
    this.#mocks = mocks;
    this.#unused = new Set(Object.keys(mocks));
  }

  /** The mocks whose steps were not asked for, in the order in which they were given. */
  get unused(): readonly string[] {
    return [...this.#unused];
  }

  /** `step`, with the work of the mocked ones replaced. Names, retries and results are handled as ever. */
  over(step: RunContext["step"]): RunContext["step"] {
    return <T>(
      name: string,
      work: (current: StepTry) => T | PromiseLike<T>,
      options?: StepOptions,
    ): Promise<T> => {
      if (!Object.hasOwn(this.#mocks, name)) return step(name, work, options);
      this.#unused.delete(name);
      return step(name, standIn(this.#mocks[name]) as (current: StepTry) => T, options);
    };
  }
}

function standIn(mock: StepMock): (current: StepTry) => unknown {
  if (typeof mock === "function") return mock;
  return () => {
    if (mock instanceof Error) throw mock;
    return mock;
  };
}
