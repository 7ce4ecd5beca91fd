import { format, inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { describeError, summarizeResult } from "../../src/pipeline/outcome.ts";
import { secretPlacesOf } from "../../src/pipeline/secrets/secret-places.ts";
import { SecretValues } from "../../src/pipeline/secrets/secret-values.ts";
import { MASK, mask } from "../../src/pipeline/secrets/secret-paths.ts";

const S = "hunter2-tops3cret";
const T = "0ther-w0rd";
const secret = () => z.string().meta({ secret: true });

interface Tree {
  readonly name: string;
  readonly token?: string | undefined;
  readonly children?: readonly Tree[] | undefined;
}
const Tree: z.ZodType<Tree> = z.lazy(() =>
  z.object({ name: z.string(), token: secret().optional(), children: z.array(Tree).optional() }),
);
const Getter = z.object({
  name: z.string(),
  token: secret().optional(),
  get children() {
    return z.array(Getter).optional();
  },
});
const Left: z.ZodType = z.object({
  right: z.lazy(() => Right).optional(),
  key: secret().optional(),
});
const Right: z.ZodType = z.object({
  left: z.lazy(() => Left).optional(),
  pin: secret().optional(),
});
const chain = (): z.ZodType =>
  z.object({ pw: secret().optional(), next: z.lazy(chain).optional() });
const deep = { name: "a", children: [{ name: "b", children: [{ name: "c", token: S }] }] };
const fields = (count: number) =>
  z.object(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, secret()])));
const halves = (depth: number): z.ZodType =>
  depth === 0
    ? z.object({ pw: secret().optional() })
    : ((half) => z.object({ a: half.optional(), b: half.optional() }))(halves(depth - 1));

/** A schema, and params of it with the secret in them. */
const SCHEMAS: Readonly<Record<string, readonly [z.ZodType, unknown]>> = {
  object: [z.object({ pw: secret() }), { pw: S }],
  "strict object": [z.strictObject({ pw: secret() }), { pw: S }],
  "loose object": [z.looseObject({ pw: secret() }), { pw: S, more: 1 }],
  catchall: [z.object({ a: z.number() }).catchall(secret()), { a: 1, pw: S }],
  "the whole": [z.object({ a: z.string() }).meta({ secret: true }), { a: S }],
  "a plain value": [secret(), S],
  "mark before a check": [z.object({ pw: secret().min(3).max(90) }), { pw: S }],
  "mark before a description": [z.object({ pw: secret().describe("a password") }), { pw: S }],
  "mark before another": [z.object({ pw: secret().meta({ title: "pw" }) }), { pw: S }],
  "mark before a refinement": [z.object({ pw: secret().refine(() => true) }), { pw: S }],
  "mark as a check": [z.object({ pw: z.string().check(z.meta({ secret: true })) }), { pw: S }],
  optional: [z.object({ pw: secret().optional() }), { pw: S }],
  "optional, outside": [z.object({ pw: z.string().optional().meta({ secret: true }) }), { pw: S }],
  nullable: [z.object({ pw: secret().nullable() }), { pw: S }],
  nullish: [z.object({ pw: secret().nullish() }), { pw: S }],
  nonoptional: [z.object({ pw: z.nonoptional(secret().optional()) }), { pw: S }],
  default: [z.object({ pw: secret().default("x") }), { pw: S }],
  "a default that throws": [
    z.object({
      pw: secret(),
      other: z.string().default(() => {
        throw new Error("no default");
      }),
    }),
    { pw: S, other: "x" },
  ],
  "a default of nothing": [z.object({ pw: secret(), any: z.any().default(undefined) }), { pw: S }],
  prefault: [z.object({ pw: secret().prefault("x") }), { pw: S }],
  catch: [z.object({ pw: secret().catch("x") }), { pw: S }],
  brand: [z.object({ pw: secret().brand("Password") }), { pw: S }],
  readonly: [z.object({ pw: secret().readonly() }).readonly(), { pw: S }],
  array: [z.object({ pws: z.array(secret()) }), { pws: [S, T] }],
  tuple: [z.tuple([z.string(), secret()], secret()), ["open", S, T]],
  record: [z.record(z.string(), secret()), { a: S, b: T }],
  "partial record": [z.partialRecord(z.enum(["a", "b"]), secret()), { a: S }],
  "loose record": [z.looseRecord(z.string().regex(/^a/), secret()), { a: S }],
  "keys of a record": [z.object({ by: z.record(secret(), z.number()) }), { by: { [S]: 1 } }],
  union: [z.union([z.object({ a: z.string() }), z.object({ pw: secret() })]), { pw: S }],
  "union of plain values": [z.object({ pw: z.union([z.number(), secret()]) }), { pw: S }],
  "discriminated union": [
    z.discriminatedUnion("by", [
      z.object({ by: z.literal("key"), key: secret() }),
      z.object({ by: z.literal("none") }),
    ]),
    { by: "key", key: S },
  ],
  intersection: [
    z.intersection(z.object({ a: z.string() }), z.object({ pw: secret() })),
    { a: "x", pw: S },
  ],
  "and of unions": [
    z
      .union([z.object({ pw: secret() }), z.object({ b: z.string() })])
      .and(z.object({ a: z.string() })),
    { a: "x", pw: S },
  ],
  "transform behind the mark": [
    z.object({ pw: secret().transform((text) => text.length) }),
    { pw: S },
  ],
  "transform before the mark": [
    z.object({
      pw: z
        .string()
        .transform((text) => text.trim())
        .meta({ secret: true }),
    }),
    { pw: S },
  ],
  "pipe out": [z.object({ pw: z.string().pipe(secret()) }), { pw: S }],
  "pipe in": [z.object({ pw: secret().pipe(z.string()) }), { pw: S }],
  "transform, then a pipe": [
    z
      .string()
      .transform((text): unknown => JSON.parse(text))
      .pipe(z.object({ pw: secret() })),
    JSON.stringify({ pw: S }),
  ],
  "an inner transform, then a pipe": [
    z
      .object({ inner: z.string().transform((text): unknown => JSON.parse(text)) })
      .pipe(z.object({ inner: z.object({ pw: secret() }) })),
    { inner: JSON.stringify({ pw: S }) },
  ],
  preprocess: [z.preprocess((given) => given, z.object({ pw: secret() })), { pw: S }],
  codec: [
    z.codec(z.string(), z.object({ pw: secret() }), {
      decode: (pw) => ({ pw }),
      encode: ({ pw }) => pw,
    }),
    S,
  ],
  lazy: [z.lazy(() => z.object({ pw: secret() })), { pw: S }],
  "lazy tree": [Tree, deep],
  "tree by getters": [Getter, deep],
  "two that hold each other": [Left, { right: { left: { right: { pin: S } } } }],
  "one that is made anew": [chain(), { next: { next: { pw: S } } }],
  promise: [z.object({ pw: z.promise(secret()) }), { pw: S }],
  "template literal": [
    z.object({ auth: z.templateLiteral(["Bearer ", secret()]) }),
    { auth: `Bearer ${S}` },
  ],
  "a property": [z.object({}).loose().check(z.property("pw", secret())), { pw: S }],
  "two of one id": [
    z.object({
      a: z.string().meta({ id: "secrets-one" }),
      pw: secret().meta({ secret: true, id: "secrets-two" }),
    }),
    { a: "x", pw: S },
  ],
  "custom, marked": [
    z.object({ pw: z.custom(() => true).meta({ secret: true }) }),
    { pw: { a: S } },
  ],
  "very many": [
    fields(600),
    Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`k${i}`, S])),
  ],
  "branches without end": [halves(18), { a: { b: { a: {} } }, b: { a: S } }],
  "a key that looks like a path": [
    z.object({ "**": z.object({ "#": secret() }) }),
    { "**": { "#": S } },
  ],
  "a mark of another word": [z.object({ pw: z.string().meta({ secret: "yes" }) }), { pw: S }],
};

describe("places", () => {
  test.each(Object.entries(SCHEMAS))("%s", async (_, [schema, params]) => {
    const places = secretPlacesOf(schema);
    expect(JSON.stringify(mask(params, places.input))).not.toMatch(/hunter2|0ther/);
    const values = new SecretValues(places, params);
    // As a run does; some secrets can only be told apart in what the schema makes of them.
    const { data } = await schema.safeParseAsync(params);
    values.learn(data);
    const said = summarizeResult({ said: `with ${S}`, params }, 100_000, values) ?? "";
    expect(said).not.toContain(S);
    expect(JSON.parse(said)).toMatchObject({ said: `with ${MASK}` });
  });

  test("what is not marked is not masked", () => {
    const schema = z.object({
      name: z.string(),
      pw: secret(),
      tree: Tree,
      at: z.tuple([z.string(), secret()]),
    });
    const params = { name: "ann", pw: S, tree: deep, at: ["here", S] };
    expect(mask(params, secretPlacesOf(schema).input)).toEqual({
      name: "ann",
      pw: MASK,
      tree: { name: "a", children: [{ name: "b", children: [{ name: "c", token: MASK }] }] },
      at: ["here", MASK],
    });
    const open = z.object({
      a: z.string(),
      b: z.array(z.json()),
      c: z.string().meta({ secret: false }),
    });
    expect(secretPlacesOf(open)).toEqual({ input: [], output: [], derived: [] });
  });

  test.each([
    ["of another library", { safeParse: (value: unknown) => ({ success: true, data: value }) }],
    [
      "whose getter throws",
      z.lazy((): z.ZodType => {
        throw new Error("no schema");
      }),
    ],
    [
      "of a kind that is not known",
      { _zod: { def: { type: "future" } }, safeParse: () => undefined },
    ],
  ])("a schema %s is secret as a whole", (_, schema) => {
    const places = secretPlacesOf(schema as unknown as z.ZodType);
    expect(mask({ a: S, b: [T] }, places.input)).toBe(MASK);
    expect(new SecretValues(places, { a: S, b: [T] }).inText(`${S} ${T}`)).toBe(`${MASK} ${MASK}`);
  });
});

/** What the schema makes of params, and what of it must not be said. */
const OUTPUTS: Readonly<Record<string, readonly [z.ZodType, unknown, readonly unknown[]]>> = {
  default: [z.object({ pw: secret().default(S) }), {}, [S]],
  prefault: [z.object({ pw: secret().prefault(S) }), {}, [S]],
  "default of the whole": [z.object({ pw: secret() }).default({ pw: S }), undefined, [S]],
  "default outside": [z.object({ pw: z.string().default(S).meta({ secret: true }) }), {}, [S]],
  catch: [z.object({ pw: secret().catch(S) }), { pw: 5 }, [S]],
  "transform of a secret": [
    z.object({ pw: secret().transform((text) => text.toUpperCase()) }),
    { pw: S },
    [S.toUpperCase()],
  ],
  "transform of all": [
    z.object({ user: z.string(), pw: secret() }).transform(({ user, pw }) => ({
      url: `pg://${user}:${Array.from(pw).toReversed().join("")}@db`,
    })),
    { user: "ann", pw: S },
    [`pg://ann:${Array.from(S).toReversed().join("")}@db`],
  ],
  "numbers from text": [
    z.object({ pin: secret().pipe(z.coerce.number()) }),
    { pin: "0471100" },
    [471100],
  ],
  map: [
    z
      .array(z.tuple([z.string(), z.string()]))
      .transform((all) => new Map(all))
      .pipe(z.map(z.string(), secret())),
    [["a", S]],
    [S],
  ],
  set: [
    z
      .array(z.string())
      .transform((all) => new Set(all))
      .pipe(z.set(secret())),
    [S],
    [S],
  ],
  url: [
    z.object({ at: secret().transform((text) => new URL(text)) }),
    { at: `http://x/${S}` },
    [`http://x/${S}`],
  ],
};

test.each(Object.entries(OUTPUTS))(
  "what a schema makes of a secret: %s",
  (_, [schema, params, said]) => {
    const values = new SecretValues(secretPlacesOf(schema), params);
    values.learn(schema.parse(params));
    for (const value of said) {
      expect(values.inText(`it is ${String(value)}.`)).not.toContain(String(value));
      expect(JSON.parse(summarizeResult({ value }, 9_000, values) ?? "")).toEqual({
        value: expect.stringContaining(MASK) as string,
      });
    }
    expect(values.inText("ann at db, open")).toBe("ann at db, open");
  },
);

function valuesOf(...secrets: readonly unknown[]): SecretValues {
  return new SecretValues({ input: [["s", "*"]], output: [], derived: [] }, { s: secrets });
}

test.each([
  [`Bearer ${S}`, `token ${S} expired`],
  [`Basic ${Buffer.from(`user:${S}`).toString("base64")}`, `user ${S} is unknown`],
  [`postgres://app:${encodeURIComponent(S)}%40@db/x`, `password "${S}@" is wrong`],
  [`  ${S}\n`, `read <${S}>`],
  [`-----BEGIN-----\n${S}\n-----END-----`, `line "${S}"`],
])("what a secret text holds is secret: %s", (text, said) => {
  expect(valuesOf(text).inText(said)).not.toContain(S);
});

describe("values", () => {
  test.each([
    [
      "a number",
      [1234],
      { order: 51234, part: 0.1234, pin: 1234, text: "1234" },
      { pin: MASK, text: MASK },
    ],
    [
      "digits",
      ["1234"],
      { order: 51234, pin: 1234, "1234x": 1 },
      { pin: MASK, "[secret]x": 1, "1234x": undefined },
    ],
    ["true as text", ["true"], { ok: true, said: "it is true" }, { said: `it is ${MASK}` }],
    ["one character", ["1"], { a1: 1, rows: 21, text: "1 of 3", is: "1" }, { a1: MASK, is: MASK }],
    ["punctuation", [","], { a: [1, 2], b: ",", c: "a,b" }, { b: MASK }],
    ["a brace", ["}"], { a: {}, b: "}" }, { b: MASK }],
    [
      "a big integer",
      ["9007199254740993"],
      { n: 9007199254740993n, m: 1n },
      { n: MASK, m: { $type: "bigint", value: "1" } },
    ],
    ["a negative number", [-471], { n: -471, m: "it is -471" }, { n: MASK, m: `it is -${MASK}` }],
    ["a number with its sign turned", [471, -472], { a: -471, b: 472 }, { a: MASK, b: MASK }],
  ])("%s is masked in the structure", (_, secrets, given, changed) => {
    const json = summarizeResult(given, 9_000, valuesOf(...secrets)) ?? "";
    const expected = JSON.parse(JSON.stringify({ ...given, n: undefined, ...changed })) as object;
    expect(JSON.parse(json)).toEqual(expected);
    expect(JSON.parse(valuesOf(...secrets).inJson(json))).toEqual(expected);
  });

  test("a flag is masked under its own name only", () => {
    const values = new SecretValues(
      { input: [["admin"]], output: [], derived: [] },
      { admin: true },
    );
    expect(
      summarizeResult(
        { admin: true, ok: true, params: { admin: true }, not: { admin: false } },
        999,
        values,
      ),
    ).toBe('{"admin":"[secret]","ok":true,"params":{"admin":"[secret]"},"not":{"admin":false}}');
  });

  test("short ones and numbers are masked in text where they stand alone", () => {
    const values = valuesOf("abc", 471, 12.5, "x", 7);
    expect(values.inText("abc, abcd; (abc) 471 4711 0.471 x471x 12.5 112.5 x 7")).toBe(
      `${MASK}, abcd; (${MASK}) ${MASK} 4711 0.471 x${MASK}x ${MASK} 112.5 x 7`,
    );
    expect(values.inText("x")).toBe(MASK);
    expect(values.inText("7")).toBe(MASK);
  });

  test("secrets that overlap leave nothing, and a mask stays one", () => {
    const values = valuesOf("abcdef", "defghi", "secret", "f[sec");
    expect(values.inText("-abcdefghi-")).toBe(`-${MASK}-`);
    expect(values.inText(values.inText("a secret"))).toBe(`a ${MASK}`);
  });

  test("keys that hold a secret are masked and none is lost", () => {
    const json =
      summarizeResult(
        { [S]: 1, [`${S}!`]: 2, [T]: 3, __proto__: { x: 4 } },
        999,
        valuesOf(S, T, S),
      ) ?? "";
    expect(json).toBe(`{"${MASK}":1,"${MASK}!":2,"${MASK} 2":3}`);
  });

  test("objects that write themselves, and boxes", () => {
    const given = { toJSON: () => ({ pw: S }) };
    const json = summarizeResult(
      [given, Object(S), [Object(471)], new URL(`http://u:${S}@h/`)],
      999,
      valuesOf(S, 471),
    );
    expect(json).not.toContain(S);
    expect(json).not.toContain("471");
  });

  test("nothing is left of a secret where text is cut", () => {
    const values = valuesOf(S);
    for (let at = 1_960; at < 2_010; at += 1) {
      const error = Object.assign(new Error(`${"x".repeat(at)}${S} and more`), {
        code: `${"c".repeat(at - 1_900)}${S}`,
      });
      error.name = `${"n".repeat(at - 1_900)}${S}`;
      const told = JSON.stringify(describeError(error, values));
      const result =
        summarizeResult(
          { text: `${"y".repeat(at)}${S} and more ${"z".repeat(999)}` },
          2_048,
          values,
        ) ?? "";
      const shown = summarizeResult(() => `${"x".repeat(at)}${S}`, 1_024, values) ?? "";
      const thrown = JSON.stringify(
        describeError({ big: `${"w".repeat(at - 1_510)}${S}tail` }, values),
      );
      for (const text of [told, result, shown, thrown]) expect(text).not.toMatch(/hunter|tops3/);
    }
    expect(values.inText(`with ${S.slice(0, 9)}…`)).toBe(`with ${MASK}…`);
  });
});

/** Ways in which others write a text. */
const SPELLINGS: Readonly<Record<string, (secret: string) => string>> = {
  "as it is": (text) => text,
  JSON: (text) => JSON.stringify({ text }),
  "JSON in JSON": (text) => JSON.stringify({ body: JSON.stringify({ text }) }),
  "JSON in JSON in JSON": (text) => JSON.stringify(JSON.stringify(JSON.stringify({ text }))),
  "JSON of ASCII": (text) =>
    JSON.stringify(text).replaceAll(
      /[^\0-~]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  "a URL's part": (text) => `http://h/?q=${encodeURIComponent(text)}`,
  "a URL's part in lower case": (text) =>
    encodeURIComponent(text).replaceAll(/%../g, (escape) => escape.toLowerCase()),
  "a URL": (text) => encodeURI(text),
  "a URL's part twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  "every byte in per cent": (text) =>
    `%${Buffer.from(text)
      .toString("hex")
      .replaceAll(/..(?=.)/g, "$&%")}`,
  "a form": (text) => new URLSearchParams({ text }).toString(),
  "a form in JSON": (text) =>
    JSON.stringify({ url: `/?${new URLSearchParams({ text }).toString()}` }),
  "JSON in a URL": (text) => encodeURIComponent(JSON.stringify({ text })),
  "a URL's password": (text) => {
    const url = new URL("http://user@host/");
    url.password = text;
    return url.href;
  },
  inspect: (text) => inspect({ text }),
  format: (text) => format("%j %o", text, [text]),
  HTML: (text) => text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`),
  Base64: (text) => `Basic ${Buffer.from(`user:${text}`).toString("base64")}`,
  Base64URL: (text) => `${Buffer.from(`{"a":"${text}"}`).toString("base64url")}.x`,
  hexadecimal: (text) => Buffer.from(text).toString("hex"),
};

describe("spellings", () => {
  const given = String.raw`p"a\s's w/o&r+d%=é☃😀<ü>`;
  test.each(Object.entries(SPELLINGS))("a secret is found in %s", (_, spell) => {
    const masked = valuesOf(given).inText(`before ${spell(given)} after`);
    expect(masked).toMatch(/^before .*\[secret\].* after$/);
    for (const part of ["s w", "w/o", "r+d"]) expect(masked).not.toContain(part);
  });

  test("any secret in any spelling, and in one within another", () => {
    const names = Object.keys(SPELLINGS).filter((name) => !/Base64|hexa|twice|format/.test(name));
    fc.assert(
      fc.property(
        fc
          .string({ unit: "grapheme", minLength: 6, maxLength: 20 })
          .filter((text) => text.trim().length >= 6),
        fc.constantFrom(...names),
        fc.constantFrom("as it is", "JSON", "a form"),
        (text, inner, outer) => {
          const spelled = SPELLINGS[outer]?.(SPELLINGS[inner]?.(text) ?? "") ?? "";
          expect(valuesOf(text).inText(spelled)).toContain(MASK);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("text without secrets stays as it is, whatever is escaped in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        const odd = `${text}\\u0041%41%zz%E9+&amp;\\`;
        expect(valuesOf("a secret that is not there").inText(odd)).toBe(odd);
      }),
    );
  });
});

test("whatever is returned stays JSON of the same shape, and no secret text is in it", () => {
  const shape = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(shape)
      : typeof value === "object" && value !== null
        ? Object.values(value).map(shape)
        : null;
  const leaf = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constantFrom("true", "null", '"', "\\", "{", "1", "0.1", ","),
  );
  fc.assert(
    fc.property(
      fc.array(leaf, { minLength: 1, maxLength: 4 }),
      fc.object({ withBigInt: true }),
      (secrets, rest) => {
        const values = valuesOf(...secrets);
        const given = { rest, secrets, text: secrets.map((value) => `<${String(value)}>`) };
        const json = summarizeResult(given, 1_000_000, values) ?? "";
        const read = JSON.parse(json) as { secrets: unknown[]; text: string[] };
        expect(shape(read)).toEqual(shape(JSON.parse(summarizeResult(given, 1_000_000) ?? "")));
        for (const [i, value] of secrets.entries()) {
          if (typeof value === "boolean" || value === null) continue;
          if (String(value).trim() !== "" && Number.isFinite(typeof value === "number" ? value : 0))
            expect(read.secrets[i]).toBe(MASK);
          if (typeof value === "string" && value.trim().length >= 4)
            expect(read.text[i]).not.toContain(value);
        }
        expect(values.inJson(json)).toBe(json);
      },
    ),
    { numRuns: 500 },
  );
});
