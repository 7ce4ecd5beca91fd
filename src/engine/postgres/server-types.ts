/** Parses the text of a column. */
type Parse = (text: string) => unknown;

/** One-dimensional arrays; BullMQ's functions return no others. */
function parseArray(of: Parse): Parse {
  return (text) =>
    [...text.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|([^,]+)/gs)].map(
      ([, quoted, plain = ""]) => {
        if (quoted !== undefined) return of(quoted.replaceAll(/\\(.)/gs, "$1"));
        return plain === "NULL" ? null : of(plain);
      },
    );
}

const asText: Parse = (text) => text;

/** By PostgreSQL's type, `pg_type.oid`. The same as pg's defaults. */
const PARSERS: ReadonlyMap<number, Parse> = new Map<number, Parse>([
  [16, (text) => text === "t"],
  [21, Number],
  [23, Number],
  [26, Number],
  [700, Number],
  [701, Number],
  [114, JSON.parse],
  [3802, JSON.parse],
  [1007, parseArray(Number)],
  [1009, parseArray(asText)],
  [1015, parseArray(asText)],
  [1016, parseArray(asText)],
]);

/**
 * How our connections, and those that BullMQ gets from us, parse values. pg's own table belongs to the whole process: an
 * application that parses integers as `bigint`, say, must not change what our statements and BullMQ's get.
 */
export const SERVER_TYPES = {
  getTypeParser: (oid: number): Parse => PARSERS.get(oid) ?? asText,
};
