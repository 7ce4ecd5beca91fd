import { CliError } from "../../cli-error.ts";
import type { Call } from "../../call.ts";
import { harmless } from "../../output/harmless.ts";
import { relativeText, timeText } from "../../output/times.ts";

/** `cronduit preview` */
export async function run(call: Call, schedule: string): Promise<void> {
  const client = await call.client();
  const {
    count = "5",
    timezone,
    from,
    job,
  } = call.flags as Readonly<Record<string, string | undefined>>;
  if (!/^\d{1,3}$/.test(count))
    throw new CliError("USAGE", `--count: must be a number from 1 to 100; got "${count}".`);
  const answer = await client.previewSchedule({
    body: {
      schedule,
      // Words without a zone mean that of the reader.
      timezone: timezone ?? call.reader.zone,
      count: Number(count),
      ...(from !== undefined && { from }),
      ...(job !== undefined && { jobId: job }),
    },
  });
  call.answer(answer, () => {
    const { reader, paint } = call;
    const rows = answer.next.map(({ time, fires, flags, local, offset }) => {
      const here = answer.timezone === reader.zone ? "" : `   ${local}${offset}`;
      const what = flags.length === 0 ? "" : `   ${paint("care", flags.join(", "))}`;
      const mark = fires ? " " : paint("bad", "-");
      return `${mark} ${timeText(time, reader, true)}   ${relativeText(time, reader)}${here}${what}`;
    });
    return [paint("strong", harmless(answer.schedule)), ...rows];
  });
  for (const warning of answer.warnings) call.tell(`! ${harmless(warning)}`);
  if (call.output === "table") call.tell(`Times in ${call.reader.zone}.`);
}
