import {
  below,
  isWhole,
  KEYS,
  opened,
  type Rests,
} from "../../../pipeline/secrets/secret-paths.ts";
import { define, type KnownValues } from "./known-values.ts";
import type { Pseudonyms } from "./pseudonyms.ts";
import { SchemaPlace } from "./schema-place.ts";

/** Without a schema, a key of another form is data: a mail address, a number, a sentence. */
const FIELD_NAME = /^[\p{L}_$][\p{L}\p{N}_$-]{0,63}$/u;
const NOWHERE: Rests = [];

/** What is to be masked in a value, and what is known of it. */
export interface MaskPlan {
  /** Mask everything, or only what is secret. */
  readonly isAll: boolean;
  /** Paths to secrets. */
  readonly secrets?: Rests;
  readonly place?: SchemaPlace;
}

type Here = Required<MaskPlan>;

/** Replaces the plain values in JSON by pseudonyms, and remembers which. */
export class MaskedValues {
  readonly #pseudonyms: Pseudonyms;
  readonly #known: KnownValues | undefined;

  /** @param known Is told what was replaced by what. */
  constructor(pseudonyms: Pseudonyms, known?: KnownValues) {
    this.#pseudonyms = pseudonyms;
    this.#known = known;
  }

  /** A masked copy. `true`, `false`, `null`, 0, and values that the schema lists stay. */
  mask(value: unknown, plan: MaskPlan): unknown {
    return this.#walk(value, {
      secrets: plan.secrets ?? NOWHERE,
      isAll: plan.isAll,
      place: plan.place ?? SchemaPlace.of(undefined),
    });
  }

  #walk(value: unknown, { isAll, secrets, place }: Here): unknown {
    const rests = opened(secrets);
    const isSecret = isWhole(rests);
    if (typeof value === "string" || typeof value === "number") {
      // A secret stays one even if the schema lists it.
      const stays = !isSecret && (!isAll || place.lists(value));
      return stays ? value : this.#plain(value);
    }
    const inner = (name: string): Here => ({
      isAll,
      secrets: isSecret ? [[]] : below(rests, name),
      place: place.at(name),
    });
    if (Array.isArray(value))
      return value.map((item: unknown, i) => this.#walk(item, inner(String(i))));
    if (typeof value !== "object" || value === null) return value;
    const areKeysSecret = isSecret || rests.some(([first]) => first === KEYS);
    const masked: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value))
      define(
        masked,
        this.#key(name, { isAll, areKeysSecret, place }),
        this.#walk(item, inner(name)),
      );
    return masked;
  }

  #plain(value: string | number): string | number {
    const masked =
      typeof value === "string" ? this.#pseudonyms.text(value) : this.#pseudonyms.number(value);
    this.#known?.add(value, masked);
    return masked;
  }

  #key(
    name: string,
    { isAll, areKeysSecret, place }: { isAll: boolean; areKeysSecret: boolean; place: SchemaPlace },
  ): string {
    if (!isAll && !areKeysSecret) return name;
    const isField = place.isField(name) ?? (!areKeysSecret && FIELD_NAME.test(name));
    return isField ? name : String(this.#plain(name));
  }
}
