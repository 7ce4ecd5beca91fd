import { type FormEvent, useState } from "react";
import type { Job } from "../app/answers.ts";
import { Link } from "../app/link.tsx";
import { useAsk, useChange } from "../app/queries.ts";
import { go, pathTo } from "../app/where.ts";
import { errorOf, Field } from "../parts/field.tsx";
import { Glyph } from "../parts/glyph.tsx";
import { Loading } from "../parts/loading.tsx";
import { notice } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { NoPage } from "../pages/no-page.tsx";
import { NextDiff } from "./next-diff.tsx";
import { previewRules, rulesBody, rulesOf, scheduleBody, whenOf } from "./form-state.ts";
import { ParamsFields, paramsBody, paramsOf } from "./params-fields.tsx";
import { PreviewBox } from "./preview-box.tsx";
import { RulesFields } from "./rules-fields.tsx";
import { StaleNote } from "./stale-note.tsx";
import { submitByKey } from "./submit-by-key.ts";
import { WhenFields } from "./when-fields.tsx";

/** Change a job. */
export function EditJobPage({ id }: { readonly id: string }) {
  const { data, error } = useAsk("GET /jobs/{jobId}", { path: { jobId: id } });
  const title = `Edit ${id}`;
  const way = [
    { text: "Jobs", to: pathTo("jobs") },
    { text: id, to: pathTo("job", id) },
    { text: "Edit" },
  ];
  if (error?.code === "JOB_NOT_FOUND") return <NoPage what={`There is no job “${id}”.`} />;
  return (
    <Page title={title} way={way}>
      {error && <ProblemNote error={error} />}
      {data ? <Form title={title} present={data} /> : !error && <Loading />}
    </Page>
  );
}

/** What is declared in code or in a file would come back with the next deploy: what is changed here is laid over it. */
function isDeclaredElsewhere({ source }: Job): boolean {
  return source !== "api";
}

function Form({ title, present }: { readonly title: string; readonly present: Job }) {
  // What this edit is of; the job may change meanwhile.
  const [base, setBase] = useState(present);
  const [description, setDescription] = useState(base.description ?? "");
  const [when, setWhen] = useState(() => whenOf(base));
  const [rules, setRules] = useState(() => rulesOf(base));
  const [params, setParams] = useState(() => paramsOf(base.params));
  const [note, setNote] = useState("");
  const [until, setUntil] = useState("");
  const [broken, setBroken] = useState<string>();
  const { data: pipelines } = useAsk("GET /pipelines", {});
  const schema = pipelines?.items.find(({ name }) => name === base.pipeline)?.paramsSchema ?? null;
  const patch = useChange("PATCH /jobs/{jobId}");
  const override = useChange("PUT /jobs/{jobId}/override");
  const isOverride = isDeclaredElsewhere(base);
  const change = isOverride ? override : patch;
  const isStale = present.revision !== base.revision || change.error?.code === "REVISION_CHANGED";
  const before = scheduleBody(whenOf(base));
  const schedule = scheduleBody(when);
  const isOther = schedule && JSON.stringify(schedule) !== JSON.stringify(before);
  const ruled = rulesBody(rules, rulesOf(base));
  const errorAt = (name: string) => errorOf(change.error, name);
  const done = {
    onSuccess: () => {
      notice.set({ text: `${base.id} is changed` });
      go(pathTo("job", base.id));
    },
  };
  const send = (given: unknown): void => {
    const changed =
      JSON.stringify(given) === JSON.stringify(base.params ?? undefined) ? {} : { params: given };
    const shared = { path: { jobId: base.id }, headers: { "if-match": `"${base.revision}"` } };
    if (isOverride) {
      const body = {
        ...(isOther ? { schedule } : {}),
        ...changed,
        ...(note === "" ? {} : { note }),
        ...(until === "" ? {} : { until }),
      };
      return override.mutate({ ...shared, body }, done);
    }
    const body = {
      ...(description === (base.description ?? "") ? {} : { description }),
      ...(isOther ? schedule : {}),
      ...changed,
      ...ruled,
    };
    return patch.mutate({ ...shared, body }, done);
  };
  const save = (): void => {
    setBroken(undefined);
    try {
      send(paramsBody(params, schema));
    } catch (error) {
      setBroken(`These params are no JSON: ${(error as Error).message}`);
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save();
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- ⌘↵ saves from any field
    <form className="two formpage" onSubmit={submit} onKeyDown={submitByKey(save)}>
      <div className="formcol">
        <h1>{title}</h1>
        {isOverride && <OverrideNote source={base.source} />}
        {isStale && (
          <StaleNote
            base={base}
            present={present}
            take={() => (setBase(present), change.reset())}
          />
        )}
        <section className="sec" aria-labelledby="what">
          <h2 id="what">What</h2>
          {!isOverride && (
            <Field label="Description" error={errorAt("description")}>
              <input
                className="in"
                value={description}
                onChange={(event) => setDescription(event.target.value)}
              />
            </Field>
          )}
          <ParamsFields
            schema={schema}
            state={params}
            change={setParams}
            error={broken ?? errorAt("params")}
          />
        </section>
        <WhenFields when={when} change={(more) => setWhen({ ...when, ...more })} />
        {isOverride ? (
          <section className="sec later">
            <h2>For how long</h2>
            <div className="rules">
              <Field
                label="Until"
                hint="Empty: until somebody takes it back. A length such as 2d, or a time."
                error={errorAt("until")}
              >
                <input
                  className="in"
                  value={until}
                  onChange={(event) => setUntil(event.target.value)}
                />
              </Field>
              <Field label="Why" hint="Stands in the changes." error={errorAt("note")}>
                <input
                  className="in"
                  value={note}
                  onChange={(event) => setNote(event.target.value)}
                />
              </Field>
            </div>
          </section>
        ) : (
          <RulesFields
            rules={rules}
            change={(more) => setRules({ ...rules, ...more })}
            error={errorAt}
          />
        )}
      </div>
      <aside className="preview" aria-label="Preview">
        <PreviewBox schedule={schedule} rules={previewRules(ruled)}>
          {isOther && <NextDiff job={base} after={schedule} />}
          {!isOther && <p className="m">The next runs stay as they are.</p>}
        </PreviewBox>
        {change.error && !isStale && <ProblemNote error={change.error} />}
        <div className="row save">
          <button className="btn primary" disabled={change.isPending || isStale}>
            {isOverride ? "Save override" : "Save"}
          </button>
          <Link className="btn quiet" to={pathTo("job", base.id)}>
            Cancel
          </Link>
        </div>
      </aside>
    </form>
  );
}

function OverrideNote({ source }: { readonly source: string }) {
  return (
    <div className="note own">
      <Glyph kind="other" />
      <div>
        This job is declared in <code>{source}</code>. What you change here is an <b>override</b>:
        it holds until it ends or somebody takes it back, whatever is deployed, and everyone sees
        it.
      </div>
    </div>
  );
}
