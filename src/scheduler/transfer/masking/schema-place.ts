import {
  defOf,
  isSchema,
  type Part,
  partsOf,
  type Schema,
} from "../../../pipeline/secrets/schema-parts.ts";
import { EVERY_KEY, KEYS } from "../../../pipeline/secrets/secret-paths.ts";

/** Schemas that may concern one value; more belong to one that creates new ones on each visit. */
const MAX_SCHEMAS = 500;

/** What a pipeline's schema says about the values in its params. */
export class SchemaPlace {
  /** Unions, wrappers and the like concern the same value. */
  readonly #schemas: readonly Schema[];

  private constructor(schemas: readonly Schema[]) {
    const all = new Set(schemas);
    for (const schema of all) {
      if (all.size > MAX_SCHEMAS) break;
      for (const { key, schema: inner } of parts(schema)) if (key === undefined) all.add(inner);
    }
    this.#schemas = [...all];
  }

  /** Anything but a schema says nothing. */
  static of(schema: unknown): SchemaPlace {
    return new SchemaPlace(isSchema(schema) ? [schema] : []);
  }

  /** The place of a field or item. */
  at(name: string): SchemaPlace {
    return this.#below((key) => key === name || key === EVERY_KEY);
  }

  /** Whether the schema lists this value, as an enum or a literal does: it is code, not data. */
  lists(value: unknown): boolean {
    return this.#schemas.some((schema) => {
      const { entries = {}, values = [] } = defOf(schema);
      return values.includes(value) || Object.values(entries).includes(value);
    });
  }

  /** Whether an object's key is a field's name, and not data; `undefined` if no schema tells. */
  isField(name: string): boolean | undefined {
    if (this.#schemas.some((schema) => Object.hasOwn(defOf(schema).shape ?? {}, name))) return true;
    const keys = this.#below((key) => key === KEYS);
    if (keys.lists(name)) return true;
    return keys.#schemas.length > 0 ? false : undefined;
  }

  #below(isWanted: (key: string) => boolean): SchemaPlace {
    return new SchemaPlace(
      this.#schemas.flatMap((schema) =>
        parts(schema).flatMap(({ key, schema: inner }) =>
          key !== undefined && isWanted(key) ? [inner] : [],
        ),
      ),
    );
  }
}

function parts(schema: Schema): readonly Part[] {
  try {
    return partsOf(schema);
  } catch {
    // A schema that can't be read says nothing.
    return [];
  }
}
