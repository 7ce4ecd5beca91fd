import type { AskError } from "../app/ask.ts";
import { Field } from "../parts/field.tsx";
import type { RulesState } from "./form-state.ts";

const GRACES = [
  ["", "Run it, however late"],
  ["60s", "Run up to 1 min late, else missed"],
  ["600s", "Run up to 10 min late, else missed"],
  ["3600s", "Run up to 1 h late, else missed"],
] as const;
const OVERLAPS = [
  ["skip", "Skip this one"],
  ["queue-one", "One waits for its turn"],
  ["queue-all", "All wait for their turn"],
  ["cancel-running", "Cancel the running one"],
] as const;
const ATTEMPTS = [
  ["1", "Leave it failed"],
  ["2", "Try once more"],
  ["3", "Try 3 times in all"],
  ["5", "Try 5 times in all"],
] as const;

type Choices = readonly (readonly [value: string, text: string])[];

/** By which rules the job runs. @param error Of a field, by its name in the API. */
export function RulesFields({
  rules,
  change,
  error,
}: {
  readonly rules: RulesState;
  readonly change: (change: Partial<RulesState>) => void;
  readonly error: (path: string) => AskError | undefined;
}) {
  const select = (name: "grace" | "overlap" | "attempts", choices: Choices) => (
    <select
      className="in"
      value={rules[name]}
      onChange={(event) => change({ [name]: event.target.value })}
    >
      {[...choices, ...strange(rules[name], choices)].map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
  const text = (name: "condition" | "tags" | "owner") => (
    <input
      className={name === "condition" ? "in mono" : "in"}
      value={rules[name]}
      spellCheck={false}
      onChange={(event) => change({ [name]: event.target.value })}
    />
  );
  return (
    <section className="sec later" aria-labelledby="rules">
      <h2 id="rules">Rules</h2>
      <div className="rules">
        <Field label="If it is late" error={error("misfireGraceTime")}>
          {select("grace", GRACES)}
        </Field>
        <Field label="If one still runs" error={error("overlap")}>
          {select("overlap", OVERLAPS)}
        </Field>
        <Field label="If it fails" error={error("retry")}>
          {select("attempts", ATTEMPTS)}
        </Field>
        <Field
          label="Only if"
          hint="Such as other-job.last_run_successful"
          error={error("condition")}
        >
          {text("condition")}
        </Field>
        <Field label="Tags" hint="With commas in between" error={error("tags")}>
          {text("tags")}
        </Field>
        <Field label="Owner" hint="A user or a team" error={error("owner")}>
          {text("owner")}
        </Field>
      </div>
      <label className="check">
        <input
          type="checkbox"
          checked={rules.coalesce}
          onChange={(event) => change({ coalesce: event.target.checked })}
        />
        <span>If several are due at once, run one for all of them</span>
      </label>
    </section>
  );
}

/** What a job has that the form does not offer stays a choice. */
function strange(value: string, choices: Choices): Choices {
  return choices.some(([one]) => one === value) ? [] : [[value, value]];
}
