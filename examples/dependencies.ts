// A decorated pipeline with injected dependencies. Ends by itself.
import { createContainer, createToken, Pipeline, pipeline, PipelineScheduler } from "cronduit";
import { place } from "./place.ts";

interface Mailer {
  send(to: string, text: string): Promise<void>;
}
const MAILER = createToken<Mailer>("mailer");

@pipeline({ name: "remind", deps: [MAILER] })
class Remind extends Pipeline {
  readonly #mailer: Mailer;

  constructor(mailer: Mailer) {
    super();
    this.#mailer = mailer;
  }

  async run() {
    await this.#mailer.send("ops@example.com", "look at the report");
  }
}

const container = createContainer();
const sent = new Promise<void>((resolve) => {
  const send = async (to: string, text: string): Promise<void> => {
    console.log(`to ${to}: ${text}`);
    resolve();
  };
  container.register(MAILER, { useValue: { send } });
});

await using scheduler = new PipelineScheduler({ ...place, pipelines: [Remind], container });
await scheduler.start();
await scheduler.addJob(Remind, {
  id: "once",
  trigger: "date",
  in: "100 ms",
  replaceExisting: true,
});
await sent;
