import { counted } from "../../../core/counted.ts";
import { silentLogger } from "../../../core/log.ts";
import { validateFiles } from "../../../config/file-sources.ts";
import { PipelineScheduler } from "../../../scheduler/pipeline-scheduler.ts";
import type { Call } from "../../call.ts";
import { EXIT } from "../../exit-codes.ts";
import { pipelinesOf } from "../../pipelines-of.ts";
import { filesHere, nearProblem } from "./given-files.ts";
import { problemLines } from "./problem-lines.ts";

/** `cronduit validate`: needs no fleet, so that it can be asked before there is one. */
export async function run(call: Call): Promise<number> {
  const { read, io } = call;
  const { source, set, files } = await filesHere(call);
  const pipelines = set.isValid ? await pipelinesOf(read, io) : [];
  await using scheduler = new PipelineScheduler({
    connection: "memory:",
    worker: false,
    logger: silentLogger,
    pipelines,
    timezone: read.values.timezone,
  });
  const { isValid, jobs, problems } = await validateFiles(scheduler, set, source);
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const warnings = problems.length - errors;
  if (call.output !== "table") {
    const told = problems.map((problem) => ({
      ...nearProblem(problem, io.cwd),
      hint: problem.hint ?? null,
    }));
    call.printJson({ isValid, files: files.length, jobs, errors, warnings, problems: told });
    return isValid ? EXIT.ok : EXIT.usage;
  }
  call.print(...problemLines(call, problems, files));
  const counts = `${counted(errors, "error")}, ${counted(warnings, "warning")}`;
  const had = set.isValid ? `, ${counted(jobs, "job")}` : "";
  const rest = isValid ? "" : " The running set stays in force.";
  call.tell(`${counted(files.length, "file")}${had}: ${counts}.${rest}`);
  return isValid ? EXIT.ok : EXIT.usage;
}
