import type { Contract } from "../../../api/contract.ts";
import type { AnswerOf } from "../../../api/contract/route.ts";
import type { Call } from "../../call.ts";
import { padTo, widthOf } from "../../output/fit.ts";
import { harmless } from "../../output/harmless.ts";
import { timeText } from "../../output/times.ts";
import { near } from "./given-files.ts";

/** What files would change, as the API answers it. */
export type FilesDiff = AnswerOf<Contract["diffFiles"]>;
type JobDiff = FilesDiff["changes"][number];
type RunChange = JobDiff["runs"][number];

const SIGNS = { added: "+", changed: "~", removed: "-" } as const;
const COLOURS = { added: "good", changed: "care", removed: "bad" } as const;
/** Fields that are told in words already. */
const IN_WORDS = /^(?:trigger|timezone|jitter)(?:\.|$)/;
const MOST_FIELDS = 5;
const MOST_NAMED = 5;
const DAYS = 7;

/** Changes for people: a line each, and below it how the next runs change. */
export function diffLines(call: Call, { changes }: FilesDiff): string[] {
  const width = Math.max(0, ...changes.map(({ jobId }) => widthOf(harmless(jobId))));
  return changes.flatMap((change) => {
    const { kind, jobId } = change;
    const sign = call.paint(COLOURS[kind], SIGNS[kind]);
    const name = padTo(harmless(jobId), width);
    return [
      `${sign} ${name}  ${headOf(change, call)}`,
      ...below(change, call).map((line) => `    ${line}`),
    ];
  });
}

/** Where it is declared, as it is seen from here. */
function placeOf({ file, line }: JobDiff, { io }: Call): string {
  if (file === null) return "";
  return harmless(line === null ? near(file, io.cwd) : `${near(file, io.cwd)}:${line}`);
}

function headOf(change: JobDiff, call: Call): string {
  const { before, after, silenced } = change;
  const place = call.paint("quiet", placeOf(change, call));
  if (silenced) return removalOf(change, silenced, call);
  const old = before && withoutZone(before, after);
  const fresh = after ? withoutZone(after, null) : "";
  const isSame = before?.schedule === after?.schedule && before?.timezone === after?.timezone;
  const words = old === null || isSame ? fresh : `${old} → ${fresh}`;
  return `${words}   ${place}`;
}

type InWords = NonNullable<JobDiff["before"]>;

/** The words of a schedule, which name its zone: once is enough, if the zone stays. */
function withoutZone({ schedule, timezone }: InWords, other: InWords | null): string {
  const zone = ` (${timezone})`;
  const isSaid = other?.timezone === timezone && schedule.endsWith(zone);
  return harmless(isSaid ? schedule.slice(0, -zone.length) : schedule);
}

function removalOf(
  change: JobDiff,
  { runsInAWeek, lastSuccessAt, waitedForBy }: NonNullable<JobDiff["silenced"]>,
  call: Call,
): string {
  const { file } = change;
  const from = file === null ? "" : ` from ${harmless(near(file, call.io.cwd))}`;
  const often = oftenText(runsInAWeek);
  const last =
    lastSuccessAt === null
      ? "it never succeeded"
      : `last success ${timeText(lastSuccessAt, call.reader)}`;
  const names = waitedForBy.slice(0, MOST_NAMED).map(harmless).join(", ");
  const more =
    waitedForBy.length > MOST_NAMED ? ` and ${waitedForBy.length - MOST_NAMED} more` : "";
  const verb = waitedForBy.length === 1 ? "waits" : "wait";
  const waiting = names === "" ? "" : call.paint("care", `; ${names}${more} ${verb} for it`);
  return `removed${from}; ${often}, ${last}${waiting}`;
}

function oftenText(runsInAWeek: number): string {
  if (runsInAWeek === 0) return "it had no runs to come in a week";
  const isDaily = runsInAWeek % DAYS === 0;
  const count = isDaily ? runsInAWeek / DAYS : runsInAWeek;
  const times = count === 1 ? "once" : `${count} times`;
  return `it ran ${times} a ${isDaily ? "day" : "week"}`;
}

function below(change: JobDiff, call: Call): string[] {
  const { kind, runs, fields, overrides, silenced } = change;
  const lines: string[] = [];
  const [first] = runs;
  if (kind === "added" && first) lines.push(`first ${timeText(first.at, call.reader)}`);
  else if (kind === "changed") {
    const told = runs.filter(({ kind: how }) => how !== "same").map((run) => runText(run, call));
    if (told.length > 0) lines.push(told.join("   "));
  }
  const others = fields.filter(({ field }) => !IN_WORDS.test(field));
  for (const { field, stored, declared } of others.slice(0, MOST_FIELDS))
    lines.push(harmless(`${field}: ${stored} → ${declared}`));
  if (others.length > MOST_FIELDS) lines.push(`and ${others.length - MOST_FIELDS} more fields`);
  for (const { part, by, until } of overrides) {
    const end = until === null ? "" : ` until ${timeText(until, call.reader)}`;
    const then = silenced
      ? "it goes with the job"
      : until === null
        ? "the change takes effect once that is taken back"
        : "the change takes effect then";
    lines.push(call.paint("care", harmless(`overridden by ${by.id}${end} (${part}): ${then}`)));
  }
  return lines;
}

function runText({ kind, at, to }: RunChange, { reader, paint }: Call): string {
  const time = timeText(at, reader);
  if (kind === "removed") return paint("bad", `- ${time}`);
  if (kind === "added") return paint("good", `+ ${time}`);
  // On the same day: the hour says it.
  const other = to === null ? "" : (timeText(to, reader).split(" ").at(-1) ?? "");
  return `~ ${time} → ${other}`;
}
