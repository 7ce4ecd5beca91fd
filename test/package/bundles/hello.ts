import { Pipeline, type RunContext } from "cronduit";

export class Hello extends Pipeline {
  // A bundle may rename the class.
  static override readonly pipelineName = "hello";
  // A bundle of its own, where there is one: what a child process imports.
  static override readonly module = process.env["HELLO_MODULE"];

  override async run({ step }: RunContext): Promise<object> {
    return { success: true, said: await step("say", () => "hello") };
  }
}
