import { z } from "zod";

/**
 * An object of values under names that people choose. What is wrong with a name is told with the name as its place; a schema of keys
 * only says that a key is invalid.
 */
export function namedValues<V extends z.ZodType>(
  value: V,
  problemWith: (name: string) => string | undefined,
) {
  return z.record(z.string(), value).superRefine((values, context) => {
    for (const name of Object.keys(values)) {
      const message = problemWith(name);
      if (message !== undefined) context.addIssue({ code: "custom", path: [name], message });
    }
  });
}
