/** How to measure, as it was asked for on the command line. */
export interface BenchOptions {
  /** One small round: to see that it works. */
  readonly quick: boolean;
  readonly rounds: number | undefined;
  /** How long a part of a round lasts, where a bench lets one choose. */
  readonly seconds: number | undefined;
  /** Also what takes very long. */
  readonly huge: boolean;
  /** How many jobs are stored, and rows of the ledger, where a bench lets one choose. */
  readonly jobs: number | undefined;
  readonly rows: number | undefined;
  /** Only these sides. */
  readonly sides: readonly string[];
  /** Where the measured processes put profiles of their processor time. */
  readonly profile: string | undefined;
  /** Says to people how far it is. */
  readonly say: (text: string) => void;
}

/** One thing that is measured. */
export interface Figure {
  readonly label: string;
  readonly better: "more" | "less";
}

/** What was measured of one side in one round. */
export interface Sample {
  /** What was done, where a bench does several things. */
  readonly part: string;
  readonly side: string;
  readonly round: number;
  /** `null`: it could not be told. */
  readonly figures: Readonly<Record<string, number | null>>;
}

/** A file `<name>.bench.ts` exports one as `bench`. */
export interface Bench {
  readonly title: string;
  /** What is measured, and how; Markdown for `docs/contributing/benchmarks.md`. */
  readonly about: string;
  readonly figures: Readonly<Record<string, Figure>>;
  /** The first one is compared with each of the others, round by round. */
  readonly sides: readonly string[];
  /** Whether its table has a line for each side, and figures as columns: for many sides. */
  readonly hasSidesAsLines?: boolean;
  play(options: BenchOptions): Promise<Sample[]>;
}

export const CRONDUIT = "cronduit";
export const BARE = "bare BullMQ";

/** What a bench measured. */
export interface Measured {
  readonly samples: readonly Sample[];
  readonly seconds: number;
  /** Of the machine, before and after. */
  readonly loads: readonly (readonly number[])[];
}
