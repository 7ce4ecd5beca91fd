import { CODE_SOURCE, type JobFilter } from "../../jobs/job-list.ts";
import type { Scope } from "../../jobs/scope.ts";

/** A filter as `listing.lua` takes it: what definitions must have in their text, as that is written. */
export interface WrittenFilter {
  /** Whether definitions must be read. */
  readonly needsText: boolean;
  readonly states?: Readonly<Record<string, true>>;
  readonly verdicts?: Readonly<Record<string, true>>;
  readonly pipeline?: string;
  readonly owners?: readonly string[];
  readonly sources?: readonly string[];
  readonly isCode?: true;
  readonly tag?: string;
  readonly text?: string;
  readonly isAscii?: boolean;
  /** Who asks does not see how a last run ended under a former owner. */
  readonly hidesFormer?: true;
}

/** Writes a filter; it knows nothing of queues. @param scope What whoever asks sees. */
export function writtenFilter(filter: JobFilter, scope: Scope): WrittenFilter {
  const { owners, sources, states, lastVerdicts, pipeline, tag, text } = filter;
  const ofText: Omit<WrittenFilter, "needsText"> = {
    ...(pipeline === undefined ? {} : { pipeline: `{"pipeline":${JSON.stringify(pipeline)},` }),
    ...(owners && { owners: owners.map((owner) => `"owner":${JSON.stringify(owner)}`) }),
    ...(sources && { sources: sources.map((source) => `"source":${JSON.stringify(source)}`) }),
    ...(sources?.includes(CODE_SOURCE) === true ? { isCode: true as const } : {}),
    ...(tag === undefined ? {} : { tag: JSON.stringify(tag) }),
    ...(text === undefined
      ? {}
      : { text: JSON.stringify(text).slice(1, -1), isAscii: isAscii(text) }),
  };
  return {
    needsText: Object.keys(ofText).length > 0,
    ...(states && { states: setOf(states) }),
    ...(lastVerdicts && { verdicts: setOf(lastVerdicts) }),
    ...ofText,
    ...(scope === "all" ? {} : { hidesFormer: true as const }),
  };
}

function setOf(words: readonly string[]): Record<string, true> {
  return Object.fromEntries(words.map((word) => [word, true as const]));
}

function isAscii(text: string): boolean {
  return /^[\p{ASCII}]*$/u.test(text);
}
