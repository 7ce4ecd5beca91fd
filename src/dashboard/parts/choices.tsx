/** One of a few, each with its name. */
export function Choices<T extends string | number>({
  label,
  choices,
  chosen,
  choose,
}: {
  readonly label: string;
  readonly choices: readonly (readonly [value: T, name: string])[];
  readonly chosen: T;
  readonly choose: (value: T) => void;
}) {
  return (
    <div className="seg" role="group" aria-label={label}>
      {choices.map(([value, name]) => (
        <button
          key={name}
          type="button"
          aria-pressed={value === chosen}
          onClick={() => choose(value)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
