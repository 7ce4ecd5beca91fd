import { counted } from "../../../core/counted.ts";
import type { Call } from "../../call.ts";
import { harmless } from "../../output/harmless.ts";
import { tableOf } from "../../output/table.ts";
import { lengthText, relativeText } from "../../output/times.ts";
import { writeList } from "../../output/write-list.ts";

/** A clock that differs by more is worth a word. */
const SKEW_MS = 100;

/** `cronduit workers` */
export async function run(call: Call): Promise<void> {
  const client = await call.client();
  const answer = await client.listWorkers();
  writeList(call, answer, () => {
    const { reader, paint, io } = call;
    return tableOf(
      answer.items,
      [
        { title: "WORKER", cell: ({ id }) => harmless(id), mayBeCut: true },
        { title: "HOST", cell: ({ host, pid }) => `${harmless(host)}:${pid}`, mayBeCut: true },
        { title: "QUEUES", cell: ({ queues }) => queues.map(harmless).join(", ") },
        {
          title: "RUNS",
          cell: ({ running, concurrency }) => `${running.length} of ${concurrency}`,
        },
        { title: "SEEN", cell: ({ seenAt }) => relativeText(seenAt, reader) },
        {
          title: "CLOCK",
          cell: ({ clockSkewMs }) =>
            Math.abs(clockSkewMs) < SKEW_MS
              ? "right"
              : paint(
                  "care",
                  `${lengthText(Math.abs(clockSkewMs))} ${clockSkewMs > 0 ? "fast" : "slow"}`,
                ),
        },
      ],
      { columns: io.columns, bold: (text) => paint("strong", text) },
    );
  });
  if (call.output === "table") call.tell(counted(answer.items.length, "worker"));
}
