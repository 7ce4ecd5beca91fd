import type { Contract } from "../../../api/contract.ts";
import type { BodyInputOf } from "../../../api/contract/route.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { confirm } from "../../confirm.ts";
import { harmless } from "../../output/harmless.ts";
import { timeText } from "../../output/times.ts";
import type { Flags } from "../../settings.ts";
import { givenFields } from "./given-fields.ts";

type NewJob = BodyInputOf<Contract["createJob"]>;
type Preview = BodyInputOf<Contract["previewSchedule"]>;

const NEXT_SHOWN = 5;

/** `cronduit job create`: says in words what is understood, and when it runs next, and asks. */
export async function run(call: Call, id: string, program: readonly string[]): Promise<void> {
  const { all, timing } = givenFields(call.flags);
  const body = { ...taskOf(call.flags, program), ...all, id } as NewJob;
  const client = await call.client();
  if (Object.keys(timing).length === 0)
    throw new CliError(
      "USAGE",
      "When does it run?",
      'Say --schedule "every day at 9am", or --manual.',
    );
  const preview = await client.previewSchedule({
    body: { ...(timing as Preview), jobId: id, count: NEXT_SHOWN },
  });
  call.tell(`${harmless(id)}  ${harmless(preview.schedule)}`);
  for (const { time, flags } of preview.next)
    call.tell(
      `  + ${timeText(time, call.reader, true)}${flags.length === 0 ? "" : `  ${flags.join(", ")}`}`,
    );
  for (const warning of preview.warnings) call.tell(`  ! ${harmless(warning)}`);
  if (!(await confirm(call, "Create it?"))) return;
  const job = await client.createJob({ body });
  call.answer(job, () => [harmless(job.id)]);
}

/** What it runs: a program with its arguments, a line for the shell, or a pipeline. */
function taskOf({ shell, pipeline }: Flags, program: readonly string[]): Partial<NewJob> {
  const said = [program.length > 0, shell !== undefined, pipeline !== undefined];
  if (said.filter(Boolean).length !== 1)
    throw new CliError(
      "USAGE",
      said.includes(true) ? "It is said twice what the job runs." : "What does the job run?",
      "Say one: -- program arguments, --shell 'a line', or --pipeline name.",
    );
  if (pipeline !== undefined) return { pipeline: String(pipeline) };
  const params = shell === undefined ? { command: program } : { command: shell, shell: true };
  return { pipeline: "command", params };
}
