import type { z } from "zod";
import type { logLineShape } from "../../../api/contract/run-routes.ts";
import type { Contract } from "../../../api/contract.ts";
import type { AnswerOf, QueryInputOf } from "../../../api/contract/route.ts";
import type { Client } from "../../../api/client/create-client.ts";
import type { Call } from "../../call.ts";
import { EXIT } from "../../exit-codes.ts";
import { harmless, harmlessLines } from "../../output/harmless.ts";
import { timeText } from "../../output/times.ts";
import { verdictText } from "../../output/verdict-looks.ts";
import { followStream } from "../../streams/follow-stream.ts";
import { wordsOf } from "../since.ts";
import { runOf } from "./run-of.ts";

type Line = z.output<typeof logLineShape>;
type Query = NonNullable<QueryInputOf<Contract["getRunLogs"]>>;
type Page = Exclude<AnswerOf<Contract["getRunLogs"]>, Response>;

/** Following ends at Ctrl-C. */
export const endsBySignal = true;

/** `cronduit run logs` */
export async function run(call: Call, word: string): Promise<number> {
  const client = await call.client();
  const { id: runId, verdict } = await runOf(client, word);
  const { text, level, follow } = call.flags as Readonly<Record<string, string | undefined>>;
  const query = {
    ...(text !== undefined && { text }),
    ...(level !== undefined && { level: wordsOf(level) as NonNullable<Query["level"]> }),
  };
  if (follow !== undefined) return followed(call, client, runId, query);
  const lines: Line[] = [];
  for await (const page of pagesOf(client, runId, query)) {
    if (call.output === "json") lines.push(...page.items);
    else for (const line of page.items) write(call, line);
  }
  if (call.output === "json")
    call.printJson({ items: lines, nextCursor: null, position: null, verdict });
  return EXIT.ok;
}

async function* pagesOf(client: Client, runId: string, query: Query): AsyncGenerator<Page> {
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = (await client.getRunLogs({
      path: { runId },
      query: { ...query, limit: 1_000, ...(cursor === undefined ? {} : { cursor }) },
    })) as Page;
    yield page;
    cursor = page.nextCursor;
  }
}

async function followed(call: Call, client: Client, runId: string, query: Query): Promise<number> {
  const messages = followStream(
    ({ lastEventId, signal }) =>
      client.getRunLogs({
        path: { runId },
        query: { ...query, follow: "true", ...(lastEventId !== undefined && { lastEventId }) },
        signal,
      }) as Promise<Response>,
    call.io,
  );
  for await (const { type, data } of messages) {
    if (data === undefined) continue;
    if (type === "lines")
      for (const line of (JSON.parse(data) as { lines: Line[] }).lines) write(call, line);
    if (type !== "end") continue;
    const ended = await client.getRun({ path: { runId } });
    call.tell(`${harmless(runId)}  ${verdictText(ended, call.paint)}`);
    return EXIT.ok;
  }
  return EXIT.ok;
}

/** A line of a log: what it says can't command the terminal, unless `--raw` asks for what was written. */
function write(call: Call, line: Line): void {
  if (call.output !== "table") return call.printJson(line);
  const { message, level, time } = line;
  if (call.flags["raw"] === true) return call.print(message);
  const { paint, reader } = call;
  const at = paint("quiet", timeText(time, reader, true));
  const word =
    level === "output" ? "" : `${paint(level === "error" ? "bad" : "care", level.padEnd(5))} `;
  call.print(...harmlessLines(message.replace(/\n$/, "")).map((each) => `${at}  ${word}${each}`));
}
