import {
  container,
  createToken,
  CronduitError,
  definePipeline,
  describePipeline,
  Pipeline,
  pipeline,
  PipelineScheduler,
} from "cronduit";
import { z } from "zod";

interface Mailer {
  send(text: string): string;
}
const MAILER = createToken<Mailer>("Mailer");
container.register<Mailer>(MAILER, { useValue: { send: (text) => `sent ${text}` } });

class Database {
  readonly rows = 3;
}

const Params = z.object({ region: z.string(), top: z.number().default(10) });

@pipeline({ deps: [Database, MAILER] })
class NightlyReport extends Pipeline.with(Params) {
  static runs = 0;

  constructor(
    private readonly database: Database,
    private readonly mailer: Mailer,
  ) {
    super();
  }

  // It names its own class, which some compilers rename for that.
  async run({ params }: this["Context"]): Promise<object> {
    NightlyReport.runs += 1;
    const text = this.mailer.send(`${params.region} ${params.top} ${this.database.rows}`);
    return { success: true, text, runs: NightlyReport.runs };
  }
}

class Plain extends Pipeline<typeof Params> {
  static override readonly params = Params;
  static override readonly pipelineName = "plain";
  override run(): void {}
}
definePipeline(Plain, { name: "given" });

/** Schedules the pipeline on a real server, and tells what its worker made of it. */
async function scheduled(): Promise<unknown> {
  const scheduler = new PipelineScheduler({
    connection: process.env["REDIS_URL"] ?? "",
    prefix: `package-${process.pid}-${Math.random()}`,
    pipelines: [NightlyReport],
  });
  const executed = new Promise<unknown>((resolve) => {
    scheduler.on("JOB_EXECUTED", ({ retval }) => resolve(retval));
  });
  await scheduler.start();
  await scheduler.addJob(NightlyReport, {
    id: "nightly-eu",
    params: { region: "eu" },
    trigger: "date",
    in: "50 ms",
  });
  const retval = await executed;
  const { runs } = await scheduler.getRuns("nightly-eu");
  // Params as they come from where no compiler sees them.
  const params: z.input<typeof Params> = JSON.parse('{ "region": 1 }');
  const refusal: unknown = await scheduler
    .addJob(NightlyReport, { id: "refused", params, trigger: "cron", hour: 0 })
    .catch((error: unknown) => error);
  await scheduler.shutdown();
  return {
    retval,
    verdicts: runs.map(({ verdict }) => verdict),
    refusal: refusal instanceof CronduitError ? refusal.code : "none",
  };
}

/** Reports the compiler's output for the classes, and a run's result. */
export async function report(): Promise<object> {
  const described = describePipeline(NightlyReport);
  const carriers = ["Context", "~params"].filter((key) => key in new Plain());
  if (carriers.length > 0) throw new Error(`${carriers.join(", ")} are there at run time`);
  return {
    names: [described.name, describePipeline(Plain).name],
    scheduled: await scheduled(),
  };
}
