import type { RunAnswer } from "../../../api/contract/run-shapes.ts";
import type { Call } from "../../call.ts";
import { harmless, harmlessJson } from "../../output/harmless.ts";
import { padTo } from "../../output/fit.ts";
import { lengthText, wholeTime } from "../../output/times.ts";
import { verdictText } from "../../output/verdict-looks.ts";
import { runOf } from "./run-of.ts";

/** `cronduit run show` */
export async function run(call: Call, word: string): Promise<void> {
  const found = await runOf(await call.client(), word);
  call.answer(found, () => described(found, call));
  if (call.output === "table")
    call.tell(`Times in ${call.reader.zone}. Its log: cronduit run logs ${harmless(found.id)}`);
}

function described(found: RunAnswer, { reader, paint }: Call): string[] {
  const at = (iso: string | null): string | undefined =>
    iso === null ? undefined : wholeTime(iso, reader.zone);
  const { requestedBy: by, error, count } = found;
  const rows: (readonly [string, string | undefined])[] = [
    ["run", paint("strong", harmless(found.id))],
    ["job", harmless(found.jobId)],
    ["what", verdictText(found, paint)],
    ["promise", found.promise ?? undefined],
    ["trigger", by ? `${found.trigger}, by ${by.kind} ${harmless(by.id)}` : found.trigger],
    ["due", at(found.fireTime)],
    ["stands for", count > 1 ? `${count} occurrences` : undefined],
    ["started", at(found.startedAt)],
    ["ended", at(found.finishedAt)],
    ["decided", at(found.decidedAt)],
    ["late by", found.latenessMs === null ? undefined : lengthText(found.latenessMs)],
    ["took", found.durationMs === null ? undefined : lengthText(found.durationMs)],
    ["attempt", found.attempt === null ? undefined : String(found.attempt)],
    ["worker", found.worker === null ? undefined : harmless(found.worker)],
    ["note", found.note === null ? undefined : harmless(found.note)],
    ["result", found.result === null ? undefined : harmlessJson(found.result)],
    ["error", error ? paint("bad", harmless(`${error.name}: ${error.message}`)) : undefined],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [padTo(name, 11) + value]));
}
