import { JobFiles } from "../../config/job-files.ts";
import { counted } from "../../core/counted.ts";
import { isCronduitError } from "../../core/errors.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { Call } from "../call.ts";
import { CliError } from "../cli-error.ts";
import { DEV_FOLDER } from "../connect/socket-path.ts";
import { Daemon } from "../daemon/daemon.ts";
import { type DaemonSettings, daemonSettings } from "../daemon/daemon-settings.ts";
import { waitingText } from "../daemon/runs-at-work.ts";
import { EXIT } from "../exit-codes.ts";
import { harmless } from "../output/harmless.ts";
import { pipelinesOf } from "../pipelines-of.ts";
import { version } from "../version.ts";
import { devLog } from "./dev-log.ts";
import { FastClock } from "./fast-clock.ts";
import { OutcomeFeed } from "./outcome-feed.ts";
import { filesLines, type LineLook, outcomeLine } from "./outcome-lines.ts";
import { type Pace, readPace } from "./read-pace.ts";
import { type ReadyFolder, setUpFolder } from "./set-up-folder.ts";

/** Run at once by whoever has just written the examples: nobody waits for the first verdict. */
const EXAMPLE = "hello";
/** What the reconciler and its like need not do more often, however fast time passes. */
const UPKEEP_SECONDS = 2;
const MAX_UPKEEP_SECONDS = 600;
const OVERDUE_SECONDS = 10;
const MAX_OVERDUE_SECONDS = 3_600;

/** Everything in one process, for somebody at a terminal: `cronduit dev`. */
export async function runDev(call: Call): Promise<number> {
  const { io, read } = call;
  const pace = readPace(call.flags, read.values.tz ?? read.values.timezone);
  const folder = await setUpFolder(call);
  const isMemory = call.flags["memory"] === true || pace !== undefined;
  const look = new Look(call);
  const clock = pace ? fastClock(pace) : systemClock;
  const base = daemonSettings(isMemory ? inMemory(read) : read, io, "all", DEV_FOLDER);
  const settings = { ...base, tcp: { host: read.values.host, port: read.values.port } };
  const parts = {
    logger: devLog((line) => call.tell(line)),
    clock: io.clock,
    userName: io.userName,
    pipelines: await pipelinesOf(read, io),
    ...(pace ? { scheduler: { clock, ...upkeepAt(pace.speed) } } : {}),
  };
  const isPortAsked = read.origins.port.from !== "default";
  let files: JobFiles | undefined;
  const begun = await startOnAPort({ settings, isPortAsked }, async (chosen) => {
    const daemon = new Daemon({ ...parts, settings: chosen });
    const feed = new OutcomeFeed(
      daemon.scheduler,
      (told) => call.print(outcomeLine(told, look.for(told.run.jobId))),
      (count) => call.print(`… ${count} more`),
    );
    await daemon.start(async (scheduler) => {
      files = new JobFiles({ ...folder.files, scheduler });
      const first = await files.start();
      if (first.kind === "rejected")
        throw notAccepted(filesLines(first, whereIs(folder, clock), look));
      feed.start();
    });
    return { daemon, feed };
  });
  const { daemon, feed } = begun;
  files?.on("outcome", (outcome) => {
    call.print(...filesLines(outcome, whereIs(folder, clock), look));
    if (outcome.kind === "applied") folder.approve().catch(() => undefined);
  });
  call.print(...(await headLines(daemon, folder, { call, pace, clock })));
  if (folder.isNew) await daemon.scheduler.as({ kind: "cli", id: io.userName }).runJob(EXAMPLE);
  await aborted(io.signal);
  await end({ daemon, feed, files, call });
  return EXIT.ok;
}

/** How lines look; ids of jobs stand below each other. */
class Look implements LineLook {
  readonly zone: string;
  readonly paint: LineLook["paint"];
  readonly cwd: string;
  width = 8;

  constructor({ reader, paint, io }: Call) {
    this.cwd = io.cwd;
    this.zone = reader.zone;
    this.paint = paint;
  }

  for(jobId: string): LineLook {
    this.width = Math.min(Math.max(this.width, harmless(jobId).length), 32);
    return this;
  }
}

function whereIs({ where }: ReadyFolder, clock: Clock) {
  return { at: clock.now(), where };
}

/** The address of the example port, or another one if that is taken and nobody asked for it. */
async function startOnAPort<T>(
  { settings, isPortAsked }: { readonly settings: DaemonSettings; readonly isPortAsked: boolean },
  begin: (settings: DaemonSettings) => Promise<T>,
): Promise<T> {
  try {
    return await begin(settings);
  } catch (error) {
    const isTaken = error instanceof CliError && error.code === "PORT_REFUSED";
    if (!isTaken || isPortAsked || !settings.tcp) throw asToldHere(error);
    return begin({ ...settings, tcp: { ...settings.tcp, port: 0 } });
  }
}

function asToldHere(error: unknown): unknown {
  if (!isCronduitError(error, "FOLDER_IN_USE")) return error;
  return new CliError("SOCKET_IN_USE", error.message, "cronduit job list", { cause: error });
}

function inMemory(read: Call["read"]): Call["read"] {
  return { ...read, values: { ...read.values, connection: "memory:" } };
}

function fastClock({ speed, startAt }: Pace): FastClock {
  return new FastClock({ startAt: startAt ?? systemClock.now(), speed });
}

function upkeepAt(speed: number) {
  const seconds = (usual: number, most: number): string =>
    `${Math.min(most, Math.max(usual, usual * speed))}s`;
  return {
    reconcile: seconds(UPKEEP_SECONDS, MAX_UPKEEP_SECONDS),
    overdue: seconds(OVERDUE_SECONDS, MAX_OVERDUE_SECONDS),
  };
}

async function headLines(
  daemon: Daemon,
  { jobs, where }: ReadyFolder,
  {
    call,
    pace,
    clock,
  }: { readonly call: Call; readonly pace: Pace | undefined; readonly clock: Clock },
): Promise<string[]> {
  const { io, read } = call;
  const place =
    read.values.connection === undefined && !pace && call.flags["memory"] !== true
      ? `embedded in ${DEV_FOLDER}`
      : daemon.scheduler.engine;
  const passes = pace
    ? ` · it is ${new Date(clock.now()).toISOString()}, and time passes ${pace.speed} times as fast`
    : "";
  const url = daemon.doors.find((door) => door.place.startsWith("http"))?.place ?? "";
  const { token } = await daemon.api.signInToken(loginOf(io.userName));
  return [
    `cronduit ${version()} · ${harmless(place)} · ${counted(jobs, "job")} from ${harmless(where)}${passes}`,
    `dashboard  ${url}/?token=${token}   (valid once, 15 min)`,
  ];
}

/** A name that a user can have. */
function loginOf(userName: string): string {
  return /^[a-z][\w.-]{0,40}$/i.test(userName) ? userName : "dev";
}

async function end({
  daemon,
  feed,
  files,
  call,
}: {
  readonly daemon: Daemon;
  readonly feed: OutcomeFeed;
  readonly files: JobFiles | undefined;
  readonly call: Call;
}): Promise<void> {
  const waiting = waitingText(daemon.atWork);
  call.io.stdout.write(
    waiting === undefined ? "" : `  ${waiting} …${call.io.stdout.isTerminal ? "" : "\n"}`,
  );
  await files?.close();
  const stopped = daemon.stop(true);
  await stopped;
  await feed.end();
  const isKept = daemon.keepsState;
  const goesOn = isKept ? " Nothing is lost: start again and it goes on." : "";
  call.print(waiting === undefined ? `Stopped.${goesOn}` : ` done.${goesOn}`);
}

function notAccepted(lines: readonly string[]): CliError {
  return new CliError(
    "INVALID_FILE",
    lines.map((line) => line.trim()).join("\n"),
    "cronduit validate",
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}
