import { z } from "zod";
import { MASKED_PARTS, type MaskedPart } from "../../../jobs/state-header.ts";

/** Of which job the params are. */
export interface ParamsToMask {
  readonly jobId: string;
  readonly pipeline: string;
  /** The params as they would be masked without the function. */
  readonly masked: unknown;
}

/**
 * Masks params: returns what is to be in the fixture, as JSON. It gets the params with their secrets already masked.
 */
export type MaskParams = (params: unknown, about: ParamsToMask) => unknown;

/** Options for fixtures. */
export interface MaskOptions {
  /**
   * Makes the export a fixture for tests: replaces what the named parts hold by pseudonyms, `"all"` in all parts; secrets
   * always. `[]` masks secrets only. See `docs/transfer.md`.
   * @default none: everything is exported as it is stored
   */
  mask?: "all" | readonly MaskedPart[];
  /** Masks params in place of the pseudonyms. Needs `mask` with `"params"`. @default none */
  maskParams?: MaskParams;
  /**
   * Equal keys give equal pseudonyms, so that a fixture that is exported again differs only where the fleet does. Keep it
   * like a password. @default random
   */
  maskKey?: string;
}

/** The fields of {@link MaskOptions}, as a schema's shape. */
export const maskShape = {
  mask: z
    .union([z.literal("all"), z.array(z.enum(MASKED_PARTS)).readonly()])
    .transform((parts) => (parts === "all" ? MASKED_PARTS : [...new Set(parts)]))
    .optional(),
  maskParams: z
    .custom<MaskParams>((value) => typeof value === "function")
    .meta({ allowed: "a function" })
    .optional(),
  maskKey: z.string().min(8).max(1_000).optional(),
};

/** What to mask, and how. */
export interface MaskSettings {
  readonly parts: ReadonlySet<MaskedPart>;
  readonly maskParams: MaskParams | undefined;
  readonly maskKey: string | undefined;
}
