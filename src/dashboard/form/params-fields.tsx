import type { AskError } from "../app/ask.ts";
import { Field, textOfError } from "../parts/field.tsx";

/** What a pipeline takes, as JSON Schema. */
export interface ParamsSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
}

interface Property {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly writeOnly?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What was filled in, by field, as text; what is no text is JSON. `undefined` in a form without fields: all is in `json`. */
export interface ParamsState {
  readonly json: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Params as the form shows them. */
export function paramsOf(params: unknown): ParamsState {
  const fields =
    typeof params === "object" && params !== null && !Array.isArray(params)
      ? Object.fromEntries(Object.entries(params).map(([name, value]) => [name, asText(value)]))
      : {};
  return {
    json: params === null || params === undefined ? "" : JSON.stringify(params, null, 2),
    fields,
  };
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Whether the form has a field for each param. */
export function hasFields(schema: ParamsSchema | null): schema is ParamsSchema {
  return schema?.type === "object" && schema.properties !== undefined;
}

/**
 * What was filled in, as the API takes it.
 * @throws {@link SyntaxError} for what is no JSON
 */
export function paramsBody(state: ParamsState, schema: ParamsSchema | null): unknown {
  if (!hasFields(schema))
    return state.json.trim() === "" ? undefined : (JSON.parse(state.json) as unknown);
  const entries = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const text = state.fields[name] ?? "";
    return text === "" ? [] : [[name, valueOf(text, property)] as const];
  });
  return entries.length === 0 && state.json === "" && !schema.required?.length
    ? undefined
    : Object.fromEntries(entries);
}

function valueOf(text: string, { type, enum: choices }: Property): unknown {
  if (choices) return choices.find((one) => asText(one) === text);
  return type === "string" ? text : (JSON.parse(text) as unknown);
}

/** A field for each param that the pipeline takes; for one that takes anything, its JSON. */
export function ParamsFields({
  schema,
  state,
  change,
  error,
}: {
  readonly schema: ParamsSchema | null;
  readonly state: ParamsState;
  readonly change: (state: ParamsState) => void;
  readonly error: AskError | string | undefined;
}) {
  if (!hasFields(schema))
    return (
      <Field label="Params" hint="As JSON; empty for none." error={error}>
        <textarea
          className="in"
          value={state.json}
          spellCheck={false}
          onChange={(event) => change({ ...state, json: event.target.value })}
        />
      </Field>
    );
  const set = (name: string, text: string): void =>
    change({ ...state, fields: { ...state.fields, [name]: text } });
  return (
    <>
      {Object.entries(schema.properties ?? {}).map(([name, property]) => (
        <Field
          key={name}
          label={
            schema.required?.includes(name) ? (
              name
            ) : (
              <>
                {name} <span className="m">optional</span>
              </>
            )
          }
          hint={property.description ?? hintOf(property)}
        >
          <OneInput
            property={property}
            value={state.fields[name] ?? ""}
            change={(text) => set(name, text)}
          />
        </Field>
      ))}
      {error !== undefined && <p className="err b">{textOfError(error)}</p>}
    </>
  );
}

function hintOf({ writeOnly, type, default: usual }: Property): string | undefined {
  if (writeOnly) return "A secret: it is never shown again.";
  if (usual !== undefined) return `${asText(usual)} if empty`;
  return type === "string" || type === "number" || type === "integer" || type === "boolean"
    ? undefined
    : "As JSON";
}

function OneInput({
  property,
  value,
  change,
  ...given
}: {
  readonly property: Property;
  readonly value: string;
  readonly change: (text: string) => void;
  readonly id?: string;
}) {
  const { type, enum: enumerated, writeOnly } = property;
  const choices = enumerated ?? (type === "boolean" ? [true, false] : undefined);
  if (choices)
    return (
      <select
        {...given}
        className="in"
        value={value}
        onChange={(event) => change(event.target.value)}
      >
        <option value="" />
        {choices.map((one) => (
          <option key={asText(one)}>{asText(one)}</option>
        ))}
      </select>
    );
  const common = { ...given, className: "in", value, spellCheck: false };
  if (type === "string" || type === "number" || type === "integer")
    return (
      <input
        {...common}
        type={writeOnly ? "password" : "text"}
        autoComplete="off"
        inputMode={type === "string" ? "text" : "decimal"}
        onChange={(event) => change(event.target.value)}
      />
    );
  return <textarea {...common} onChange={(event) => change(event.target.value)} />;
}
