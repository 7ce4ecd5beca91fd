import { ApiError } from "../../../api/client/api-error.ts";
import type { Call } from "../../call.ts";
import { EXIT, exitCodeOf } from "../../exit-codes.ts";
import { harmless } from "../../output/harmless.ts";

/** `cronduit run cancel` */
export async function run(call: Call, ids: readonly string[]): Promise<number> {
  const client = await call.client();
  const { reason } = call.flags as { readonly reason?: string };
  const body = reason === undefined ? {} : { reason };
  const refused: ApiError[] = [];
  for (const runId of ids)
    try {
      const answer = await client.cancelRun({ path: { runId }, body });
      if (call.output !== "table") call.printJson({ runId, ...answer });
      call.tell(
        answer.outcome === "cancelled"
          ? `${harmless(runId)} is cancelled.`
          : `${harmless(runId)} is told to end.`,
      );
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (ids.length === 1) throw error;
      refused.push(error);
      call.tell(`${harmless(runId)}: ${harmless(error.message)}   ${error.code}`);
    }
  if (refused.length === 0) return EXIT.ok;
  return refused.length < ids.length ? EXIT.partial : exitCodeOf(refused[0]?.code ?? "");
}
