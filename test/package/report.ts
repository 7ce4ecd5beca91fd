import {
  container,
  createRunContainer,
  createToken,
  CronduitError,
  definePipeline,
  describePipeline,
  Pipeline,
  pipeline,
  type RunContext,
  validateParams,
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

@pipeline({ params: Params, deps: [Database, MAILER] })
class NightlyReport extends Pipeline<typeof Params> {
  static runs = 0;

  constructor(
    private readonly database: Database,
    private readonly mailer: Mailer,
  ) {
    super();
  }

  // It names its own class, which some compilers rename for that.
  async run({ params }: Pick<RunContext<typeof Params>, "params">): Promise<object> {
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

/** Runs the pipeline as a worker would, and tells what came of it. */
export async function report(): Promise<object> {
  const described = describePipeline(NightlyReport);
  const { output } = await validateParams(described, { region: "eu" });
  await using run = createRunContainer();
  const instance = run.create(described) as NightlyReport;
  const result = await instance.run({ params: output as z.output<typeof Params> });
  const refusal: unknown = await validateParams(described, { region: 1 }).catch(
    (error: unknown) => error,
  );
  return {
    names: [described.name, describePipeline(Plain).name],
    result,
    refusal: refusal instanceof CronduitError ? refusal.code : "none",
  };
}
