import stringWidth from "string-width";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns that a text takes. */
export const widthOf = (text: string): number => stringWidth(text);

/** A text in so many columns, cut in the middle: names differ at both ends. */
export function cutInMiddle(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return "";
  const left = Math.ceil((columns - 1) / 2);
  return `${beginning(text, left)}…${ending(text, columns - 1 - left)}`;
}

/** A text with blanks behind it. */
export function padTo(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

function beginning(text: string, columns: number): string {
  return partOf(charactersOf(text), columns).join("");
}

function ending(text: string, columns: number): string {
  return partOf(charactersOf(text).toReversed(), columns).toReversed().join("");
}

function charactersOf(text: string): string[] {
  return [...graphemes.segment(text)].map(({ segment }) => segment);
}

function partOf(characters: readonly string[], columns: number): string[] {
  const part: string[] = [];
  let taken = 0;
  for (const character of characters) {
    taken += widthOf(character);
    if (taken > columns) break;
    part.push(character);
  }
  return part;
}
