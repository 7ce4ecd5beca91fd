/** What a search may name, and what that is in the query of `GET /jobs`. */
const TERMS = {
  verdict: "verdict",
  reason: "reason",
  since: "since",
  tag: "tag",
  owner: "owner",
  state: "state",
  source: "source",
  pipeline: "pipeline",
  queue: "queue",
  last: "lastVerdict",
} as const;

/** A term of a search: `tag:billing`. */
export type TermName = keyof typeof TERMS;

/** Which may be named several times, and mean one of them. */
const MANY = new Set<string>(["verdict", "owner", "state", "source", "lastVerdict"]);
const PART = /(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/gu;

/** A search as it was written, in parts. */
export interface Search {
  readonly words: string;
  readonly terms: readonly { readonly name: TermName; readonly value: string }[];
}

/** Reads a search. What only looks like a term is a word: ids may have colons. */
export function readSearch(text: string): Search {
  const words: string[] = [];
  const terms: { name: TermName; value: string }[] = [];
  for (const [whole, name, quoted, plain] of text.matchAll(PART)) {
    const value = quoted ?? plain ?? "";
    if (name !== undefined && isTerm(name) && value !== "") terms.push({ name, value });
    else words.push(name === undefined ? value : whole);
  }
  return { words: words.join(" "), terms };
}

function isTerm(name: string): name is TermName {
  return Object.hasOwn(TERMS, name);
}

/** A search as the API takes it. */
export function queryOf({ words, terms }: Search): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = words === "" ? {} : { text: words };
  for (const { name, value } of terms) {
    const field = TERMS[name];
    const before = query[field];
    query[field] = MANY.has(field) && before !== undefined ? [before, value].flat() : value;
  }
  return query;
}

/** The value of a term. */
export function termOf({ terms }: Search, name: TermName): string | undefined {
  return terms.find((one) => one.name === name)?.value;
}

/** The search with a term, in place of others of its name; `undefined`: without it. */
export function withTerm(text: string, name: TermName, value: string | undefined): string {
  const { words, terms } = readSearch(text);
  const others = terms.filter((one) => one.name !== name);
  const all = value === undefined ? others : [...others, { name, value }];
  const written = all.map(
    (one) => `${one.name}:${/\s/.test(one.value) ? `"${one.value}"` : one.value}`,
  );
  return [words, ...written].filter(Boolean).join(" ");
}
