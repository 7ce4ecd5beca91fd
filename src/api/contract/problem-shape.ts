import { z } from "zod";

/** An error, as every route answers it (RFC 9457). */
export const problemShape = z
  .object({
    type: z.string().describe("A URI that names the kind of error."),
    title: z.string().describe("What the code means, in one sentence."),
    status: z.int(),
    code: z.string().describe("Stable: branch on this, never on a text."),
    message: z.string().describe("What was written, what is wrong, where."),
    hint: z.string().describe("What to do."),
    path: z.string().optional().describe("The field that is wrong."),
    data: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("More about where and what, for programs."),
  })
  .meta({ id: "Problem", description: "An error." });

/** An error of the API, as JSON. */
export type Problem = z.output<typeof problemShape>;
