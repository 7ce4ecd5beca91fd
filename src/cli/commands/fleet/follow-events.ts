import type { EventAnswer } from "../../../api/contract/event-routes.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { harmless } from "../../output/harmless.ts";
import { padTo } from "../../output/fit.ts";
import { timeText } from "../../output/times.ts";
import { followStream } from "../../streams/follow-stream.ts";
import { wordsOf } from "../since.ts";

/** Following ends at Ctrl-C. */
export const endsBySignal = true;

/** Columns of an event's name. */
const NAME_WIDTH = 22;

/** `cronduit events`: what happens, as it happens; without `-f` what happened since `--since`. */
export async function run(call: Call): Promise<void> {
  const { follow, since, job, owner, tag } = call.flags as Readonly<
    Record<string, string | undefined>
  >;
  if (follow === undefined && since === undefined)
    throw new CliError(
      "USAGE",
      "From when on?",
      "Say -f to follow, or --since with an event's id.",
    );
  const client = await call.client();
  const query = Object.fromEntries(
    Object.entries({ name: wordsOf(call.flags["name"]), jobId: job, owner, tag }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const messages = followStream(
    ({ lastEventId, signal }) =>
      client.followEvents({
        query: { ...query, ...(lastEventId !== undefined && { lastEventId }) },
        signal,
      }),
    call.io,
    since,
  );
  for await (const { type, data, id } of messages) {
    // A comment: all that there was has come.
    if (data === undefined) {
      if (follow === undefined) return;
      continue;
    }
    if (type === "resync")
      call.tell("Some events were lost: they came faster than they were read.");
    else if (type === "batch")
      for (const event of (JSON.parse(data) as { events: EventAnswer[] }).events)
        write(call, event, id);
    else write(call, JSON.parse(data) as EventAnswer, id);
  }
}

function write(call: Call, event: EventAnswer, id: string | undefined): void {
  if (call.output !== "table") return call.printJson(id === undefined ? event : { ...event, id });
  const { name, time, jobId, runId, by, reason, note, until, count } = event;
  const { paint, reader } = call;
  const details = [
    jobId === undefined ? "" : harmless(jobId),
    runId === undefined ? "" : paint("quiet", harmless(runId)),
    count === undefined || count === 1 ? "" : `${count}×`,
    reason === undefined ? "" : harmless(reason),
    until === undefined ? "" : `until ${timeText(until, reader)}`,
    by === undefined ? "" : `by ${harmless(by.id)}`,
    note === undefined ? "" : harmless(note),
  ];
  const kind = /ERROR|MISSED|OVERDUE/.test(name) ? "bad" : "strong";
  const said = details.filter((part) => part !== "").join("  ");
  call.print(
    `${paint("quiet", timeText(time, reader, true))}  ${paint(kind, padTo(name, NAME_WIDTH))}  ${said}`.trimEnd(),
  );
}
