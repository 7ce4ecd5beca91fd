/**
 * Where a text of JSON is nested too deeply: the place of the first bracket beyond the limit, or `undefined`. Asked before it is
 * parsed, since what is nested very deeply costs stack wherever it is walked.
 */
export function tooDeepAt(text: string, maxDepth: number): number | undefined {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === "\\" && isInString) at += 1;
    else if (char === '"' || char === "\n") isInString = char === '"' && !isInString;
    else if (!isInString && (char === "[" || char === "{")) depth += 1;
    else if (!isInString && (char === "]" || char === "}")) depth -= 1;
    if (depth > maxDepth) return at;
  }
  return undefined;
}
