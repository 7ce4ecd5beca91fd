import type { Contract } from "../../../api/contract.ts";
import type { AnswerOf, QueryInputOf } from "../../../api/contract/route.ts";
import type { Call } from "../../call.ts";
import { tableOf } from "../../output/table.ts";
import { lengthText, timeText } from "../../output/times.ts";
import { sinceOf } from "../since.ts";

type Query = NonNullable<QueryInputOf<Contract["getStats"]>>;
type Figures = AnswerOf<Contract["getStats"]>["total"];

/** The figures that have a column. */
const COUNTED = [
  "due",
  "succeeded",
  "late",
  "failed",
  "missed",
  "skipped",
  "coalesced",
  "cancelled",
] as const;

/** `cronduit stats` */
export async function run(call: Call): Promise<void> {
  const client = await call.client();
  const { job, owner, by } = call.flags;
  const query = Object.fromEntries(
    Object.entries({
      jobId: job,
      owner,
      by,
      from: sinceOf(call.flags["since"], call),
      to: sinceOf(call.flags["until"], call),
    }).filter(([, value]) => value !== undefined),
  ) as Query;
  const answer = await client.getStats({ query });
  if (call.output === "ndjson") {
    for (const period of answer.periods) call.printJson(period);
    return;
  }
  call.answer(answer, () => {
    const { reader, paint, io } = call;
    const rows = [
      ...answer.periods.map((figures) => ({ when: timeText(figures.from, reader), figures })),
      { when: "all", figures: answer.total },
    ];
    const count = (name: (typeof COUNTED)[number]) => ({
      title: name.toUpperCase(),
      cell: ({ figures }: { readonly figures: Figures }) => String(figures[name]),
    });
    return tableOf(
      rows,
      [
        { title: "FROM", cell: ({ when }) => when },
        ...COUNTED.map(count),
        {
          title: "P95",
          cell: ({ figures: { durationMs } }) => (durationMs ? lengthText(durationMs.p95) : "–"),
        },
      ],
      { columns: io.columns, bold: (text) => paint("strong", text) },
    );
  });
  if (call.output === "table")
    call.tell(
      `From ${timeText(answer.from, call.reader)} to ${timeText(answer.to, call.reader)} · times in ${call.reader.zone}`,
    );
}
