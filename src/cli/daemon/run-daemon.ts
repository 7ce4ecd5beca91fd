import { JobFiles } from "../../config/job-files.ts";
import { withoutPasswords } from "../../core/shown.ts";
import type { Call } from "../call.ts";
import { EXIT } from "../exit-codes.ts";
import { openLog } from "../logs/open-log.ts";
import { harmless } from "../output/harmless.ts";
import { pipelinesOf } from "../pipelines-of.ts";
import { Daemon } from "./daemon.ts";
import { type DaemonPart, type DaemonSettings, daemonSettings } from "./daemon-settings.ts";
import { DEFAULT_JOBS_DIR, type FileSettings, fileSettings } from "./file-settings.ts";
import { waitingText } from "./runs-at-work.ts";

/** How often an end that takes long says what it waits for. */
const STILL_WAITING_MS = 5_000;

/** Runs a daemon until somebody ends it: at the first signal it lets runs end, at the second it is gone. */
export async function runDaemon(call: Call, part: DaemonPart): Promise<number> {
  const { io, read } = call;
  const settings = daemonSettings(read, io, part);
  const files = part === "worker" ? undefined : fileSettings(read, io, DEFAULT_JOBS_DIR);
  const { logger, close: closeLog } = openLog(read, io);
  try {
    const daemon = new Daemon({
      settings,
      logger,
      clock: io.clock,
      userName: io.userName,
      pipelines: await pipelinesOf(read, io),
    });
    let jobFiles: JobFiles | undefined;
    await daemon.start(async (scheduler) => {
      jobFiles = files && new JobFiles({ ...files, scheduler });
      await jobFiles?.start();
    });
    logger.info(`ready: ${readyText(settings, files, daemon)}`);
    await aborted(io.signal);
    await drain(daemon, jobFiles, { logger, clock: io.clock });
    return EXIT.ok;
  } finally {
    await closeLog();
  }
}

/** Ends a daemon, and says what it waits for. */
async function drain(
  daemon: Daemon,
  files: JobFiles | undefined,
  {
    logger,
    clock,
  }: Pick<Call["io"], "clock"> & { readonly logger: ReturnType<typeof openLog>["logger"] },
): Promise<void> {
  const say = (): void => {
    const waiting = waitingText(daemon.atWork);
    if (waiting !== undefined) logger.info(`${waiting}; a second signal ends it at once`);
  };
  logger.info("stopping: nothing new is started");
  say();
  let cancel = (): void => undefined;
  const sayAgain = (): void => {
    cancel = clock.after(STILL_WAITING_MS, () => {
      say();
      sayAgain();
    });
  };
  sayAgain();
  try {
    await files?.close();
    await daemon.stop(true);
  } finally {
    cancel();
  }
  logger.info("stopped");
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** What it does, in a line. */
function readyText(
  { part, connection, concurrency, queues, tcp }: DaemonSettings,
  files: FileSettings | undefined,
  { scheduler, doors }: Daemon,
): string {
  const place = part === "worker" && !tcp ? withoutPasswords(connection) : scheduler.engine;
  const work =
    part === "scheduler"
      ? "no runs in this process"
      : `${concurrency} runs at once${queues === undefined ? "" : ` of ${queues.join(", ")}`}`;
  const paths = [
    ...(files?.config === undefined ? [] : [files.config]),
    ...(files?.jobsDirs ?? []),
    ...(files?.crontabs ?? []).map(({ file }) => file),
  ];
  return harmless(
    [
      place,
      work,
      ...(paths.length === 0 ? [] : [`jobs from ${paths.join(", ")}`]),
      ...doors.map((door) => door.place),
    ].join("; "),
  );
}
