import { Field } from "./field.tsx";

/** Asks for the name of what is about to go for good, so that nobody loses it by a click. */
export function TypedName({
  name,
  typed,
  change,
}: {
  readonly name: string;
  readonly typed: string;
  readonly change: (typed: string) => void;
}) {
  return (
    <Field
      label={
        <>
          Type <b className="mono">{name}</b> to go on
        </>
      }
    >
      <input
        className="in"
        value={typed}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => change(event.target.value)}
      />
    </Field>
  );
}
