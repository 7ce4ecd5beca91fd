import { z } from "zod";

/** Validates a stored {@link CalendarSpec}. */
export const calendarSpecSchema = z.strictObject({ timezone: z.string() });

/** A named set of times that allows or excludes runs. */
export type CalendarSpec = Readonly<z.output<typeof calendarSpecSchema>>;
