import { OWN_ZONE } from "../app/shown-times.ts";
import { Field } from "../parts/field.tsx";
import { TYPE_NAMES } from "../parts/schedule-words.tsx";
import { KINDS, type ScheduleKindChoice, type WhenState } from "./form-state.ts";

type Change = (change: Partial<WhenState>) => void;
interface Part {
  readonly when: WhenState;
  readonly change: Change;
}

/** Monday first, as most calendars have it. */
const DAYS = [
  [1, "Mon", "Monday"],
  [2, "Tue", "Tuesday"],
  [3, "Wed", "Wednesday"],
  [4, "Thu", "Thursday"],
  [5, "Fri", "Friday"],
  [6, "Sat", "Saturday"],
  [0, "Sun", "Sunday"],
] as const;
const EXAMPLES = [
  ["0 9 * * 1", "Monday 9:00 AM"],
  ["0 2 * * *", "Every day at 2:00 AM"],
  ["0 12 * * 1,3,5", "Monday, Wednesday, Friday at 12:00 PM"],
] as const;
const ZONES = Intl.supportedValuesOf("timeZone");

/** When the job runs. */
export function WhenFields({ when, change }: Part) {
  return (
    <section className="sec" aria-labelledby="when">
      <header>
        <h2 id="when">When</h2>
      </header>
      <label className="check">
        <input
          type="checkbox"
          checked={when.isScheduled}
          onChange={(event) => change({ isScheduled: event.target.checked })}
        />
        <span>
          Schedule this job to run automatically
          <br />
          <span className="m">Else it runs by hand, by the API, or not at all.</span>
        </span>
      </label>
      {when.isScheduled && (
        <div className="when">
          <div className="seg five" role="radiogroup" aria-label="Kind of schedule">
            {KINDS.map((kind) => (
              <label key={kind}>
                <input
                  type="radio"
                  name="kind"
                  checked={when.kind === kind && when.asItIs === undefined}
                  onChange={() => change({ kind, rest: {}, asItIs: undefined })}
                />
                {kind === "custom" ? "Custom (cron)" : TYPE_NAMES[kind]}
              </label>
            ))}
          </div>
          {when.asItIs === undefined ? (
            <div className="kindrow always">{FIELDS[when.kind]({ when, change })}</div>
          ) : (
            <p className="note">
              <span>
                It runs {when.asItIs}. This form has no fields for that; it stays unless you choose
                a kind.
              </span>
            </p>
          )}
          <div className="kindrow always">
            <Field
              label="Time zone"
              className="grow2"
              hint={when.timezone === OWN_ZONE ? "Yours" : "An IANA name, such as Europe/Berlin"}
            >
              <input
                className="in"
                list="zones"
                value={when.timezone}
                spellCheck={false}
                onChange={(event) => change({ timezone: event.target.value })}
              />
            </Field>
            <datalist id="zones">
              {["UTC", ...ZONES].map((zone) => (
                <option key={zone} value={zone} />
              ))}
            </datalist>
          </div>
        </div>
      )}
    </section>
  );
}

const FIELDS: Readonly<Record<ScheduleKindChoice, (part: Part) => React.ReactNode>> = {
  daily: (part) => <Clock {...part} />,
  weekly: (part) => (
    <>
      <Days {...part} />
      <Clock {...part} />
    </>
  ),
  monthly: (part) => (
    <>
      <MonthDay {...part} />
      <Clock {...part} />
    </>
  ),
  interval: (part) => <Interval {...part} />,
  once: (part) => <Once {...part} />,
  custom: (part) => <Cron {...part} />,
};

function Days({ when: { days }, change }: Part) {
  const toggle = (day: number): void =>
    change({ days: days.includes(day) ? days.filter((one) => one !== day) : [...days, day] });
  return (
    <fieldset className="field">
      <legend className="label">Day of week</legend>
      <div className="days">
        {DAYS.map(([day, short, name]) => (
          <label key={day}>
            <input
              type="checkbox"
              aria-label={name}
              checked={days.includes(day)}
              onChange={() => toggle(day)}
            />
            {short}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Clock({ when: { hour, minute, rest }, change }: Part) {
  if ("at" in rest) {
    const times = [rest["at"]].flat().map(String);
    return (
      <p className="m">
        At {times.join(", ")}.{" "}
        <button type="button" className="btn quiet" onClick={() => change({ rest: {} })}>
          At one time instead
        </button>
      </p>
    );
  }
  return (
    <>
      <Field label="Hour" className="n">
        <Numbers below={24} value={hour} change={(next) => change({ hour: next })} />
      </Field>
      <Field label="Minute" className="n">
        <Numbers below={60} value={minute} change={(next) => change({ minute: next })} />
      </Field>
    </>
  );
}

function Numbers({
  below,
  value,
  change,
  ...given
}: {
  readonly below: number;
  readonly value: number;
  readonly change: (value: number) => void;
  readonly id?: string;
}) {
  return (
    <select
      {...given}
      className="in"
      value={value}
      onChange={(event) => change(Number(event.target.value))}
    >
      {Array.from({ length: below }, (_, one) => (
        <option key={one} value={one}>
          {String(one).padStart(2, "0")}
        </option>
      ))}
    </select>
  );
}

function MonthDay({ when: { monthDay }, change }: Part) {
  return (
    <Field
      label="Day of month"
      className="n"
      hint={Number(monthDay) > 28 ? "Not in every month" : undefined}
    >
      <select
        className="in"
        value={monthDay}
        onChange={(event) => change({ monthDay: event.target.value })}
      >
        {Array.from({ length: 31 }, (_, i) => String(i + 1)).map((day) => (
          <option key={day}>{day}</option>
        ))}
        <option value="last">last</option>
      </select>
    </Field>
  );
}

function Interval({ when: { every, unit }, change }: Part) {
  return (
    <>
      <Field label="Every" className="n">
        <input
          className="in"
          inputMode="numeric"
          value={every}
          onChange={(event) => change({ every: event.target.value })}
        />
      </Field>
      <Field label="Unit" className="n">
        <select
          className="in"
          value={unit}
          onChange={(event) => change({ unit: event.target.value as WhenState["unit"] })}
        >
          {["seconds", "minutes", "hours", "days"].map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </Field>
    </>
  );
}

function Once({ when: { date, time }, change }: Part) {
  return (
    <>
      <Field label="Date" className="n">
        <input
          className="in"
          type="date"
          value={date}
          required
          onChange={(event) => change({ date: event.target.value })}
        />
      </Field>
      <Field label="Time" className="n">
        <input
          className="in"
          type="time"
          value={time}
          required
          onChange={(event) => change({ time: event.target.value })}
        />
      </Field>
    </>
  );
}

function Cron({ when: { cron }, change }: Part) {
  return (
    <>
      <Field
        label="Cron expression"
        className="grow2"
        hint="minute, hour, day, month, day of week; with six fields, seconds first"
      >
        <input
          className="in mono"
          value={cron}
          spellCheck={false}
          onChange={(event) => change({ cron: event.target.value })}
        />
      </Field>
      <ul className="examples" aria-label="Examples">
        {EXAMPLES.map(([expression, says]) => (
          <li key={expression}>
            <button
              type="button"
              className="btn quiet"
              onClick={() => change({ cron: expression })}
            >
              <code>{expression}</code> <span className="m">{says}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
