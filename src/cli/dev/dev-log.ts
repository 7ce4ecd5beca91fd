import type { LogFields, Logger } from "../../core/log.ts";
import { silentLogger } from "../../core/log.ts";
import { harmless } from "../output/harmless.ts";

/** Tells what is wrong beside what becomes of jobs and files, which have lines of their own. */
export function devLog(tell: (line: string) => void): Logger {
  const at =
    (mark: string) =>
    (message: string, fields: LogFields = {}): void => {
      if (fields["status"] !== undefined || fields["source"] !== undefined) return;
      const { error } = fields;
      const why = error instanceof Error ? `: ${error.message}` : "";
      tell(`${mark} ${harmless(message + why)}`);
    };
  return { debug: silentLogger.debug, info: silentLogger.info, warn: at("!"), error: at("✗") };
}
