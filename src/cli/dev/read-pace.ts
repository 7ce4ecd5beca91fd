import type { EpochMs } from "../../core/clock.ts";
import { instantOption } from "../../jobs/instant-option.ts";
import { CliError } from "../cli-error.ts";
import type { Flags } from "../settings.ts";

const MAX_SPEED = 1_000;

/** How time passes in `dev`. */
export interface Pace {
  /** Seconds in one second of this machine. */
  readonly speed: number;
  /** When it begins; absent: now. */
  readonly startAt: EpochMs | undefined;
}

/**
 * What `--speed` and `--at` say; `undefined`: time passes as usual.
 * @param timezone Of a time without an offset.
 * @throws {@link CliError} `USAGE`; {@link CronduitError} `INVALID_OPTION` for a time that is none
 */
export function readPace(flags: Flags, timezone: string): Pace | undefined {
  const [speed, at] = [flags["speed"], flags["at"]];
  if (typeof speed !== "string" && typeof at !== "string") return undefined;
  const place = { where: "cronduit dev", path: "at", timezone };
  return {
    speed: typeof speed === "string" ? readSpeed(speed) : 1,
    startAt: typeof at === "string" ? instantOption(at, place) : undefined,
  };
}

function readSpeed(given: string): number {
  const [, digits] = /^(\d{1,4}(?:\.\d{1,3})?)x?$/i.exec(given.trim()) ?? [];
  const speed = Number(digits);
  if (digits !== undefined && speed > 0 && speed <= MAX_SPEED) return speed;
  throw new CliError(
    "USAGE",
    `--speed: must be how many times faster, up to ${MAX_SPEED}x; got "${given}".`,
    "cronduit dev --memory --speed 60x",
  );
}
