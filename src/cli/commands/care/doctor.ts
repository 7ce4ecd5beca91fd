import type { CheckAnswer } from "../../../api/contract/check-routes.ts";
import { counted } from "../../../core/counted.ts";
import type { Call } from "../../call.ts";
import { checkFiles, type LocalCheck, mendFiles } from "../../doctor/file-checks.ts";
import { EXIT } from "../../exit-codes.ts";
import { harmless } from "../../output/harmless.ts";
import { widthOf } from "../../output/fit.ts";
import type { Paint } from "../../output/paint.ts";

type Check = CheckAnswer | LocalCheck;

const LOOKS = {
  good: ["✓", "good"],
  info: ["·", "quiet"],
  warning: ["!", "care"],
  problem: ["✗", "bad"],
} as const satisfies Record<Check["level"], readonly [string, Parameters<Paint>[0]]>;
const WIDTH = 100;
const GAP = "   ";

/** `cronduit doctor` */
export async function run(call: Call): Promise<number> {
  const isFixing = call.flags["fix"] === true;
  const client = await call.client();
  const mended = isFixing ? await mendFiles(call) : 0;
  const fleet = isFixing ? await client.fixChecks() : { ...(await client.getChecks()), fixed: 0 };
  const items: Check[] = [...fleet.items, ...(await checkFiles(call))];
  const fixed = fleet.fixed + mended;
  const isIll = items.some(({ level }) => level === "problem");
  call.answer({ items, fixed }, () => [
    ...linesOf(items, call),
    ...(fixed > 0 ? [`${counted(fixed, "thing")} mended.`] : []),
    summaryOf(items, isFixing),
  ]);
  return isIll ? EXIT.failed : EXIT.ok;
}

/** Short ones beside each other, as many as there is room for. */
function linesOf(items: readonly Check[], { io, paint }: Call): string[] {
  const width = io.columns ?? WIDTH;
  const lines: { text: string; width: number }[] = [];
  for (const { level, text } of items) {
    const [glyph, kind] = LOOKS[level];
    const words = harmless(text);
    const part = { text: `${paint(kind, glyph)} ${words}`, width: widthOf(words) + 2 };
    const last = lines.at(-1);
    if (last && last.width + GAP.length + part.width <= width) {
      last.text += GAP + part.text;
      last.width += GAP.length + part.width;
    } else lines.push(part);
  }
  return lines.map(({ text }) => text);
}

function summaryOf(items: readonly Check[], isFixing: boolean): string {
  const count = (level: Check["level"]) => items.filter((item) => item.level === level).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  if (problems + warnings === 0) return "All is as it should be.";
  const told = [
    ...(problems > 0 ? [counted(problems, "problem")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
  ].join(", ");
  const fixable = items.filter(({ canFix }) => canFix).length;
  if (fixable > 0) return `${told}.  cronduit doctor --fix mends ${fixable} of these.`;
  const why = isFixing
    ? "What is left is outside of cronduit."
    : "cronduit doctor --fix mends nothing of these: they are outside of cronduit.";
  return `${told}.  ${why}`;
}
