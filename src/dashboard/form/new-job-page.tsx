import { type FormEvent, useState } from "react";
import type { Body } from "../app/ask.ts";
import { Link } from "../app/link.tsx";
import { useAsk, useChange } from "../app/queries.ts";
import { go, pathTo } from "../app/where.ts";
import { errorOf, Field } from "../parts/field.tsx";
import { notice } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { NEW_RULES, NEW_WHEN, previewRules, rulesBody, scheduleBody } from "./form-state.ts";
import { ParamsFields, paramsBody, paramsOf } from "./params-fields.tsx";
import { PreviewBox } from "./preview-box.tsx";
import { RulesFields } from "./rules-fields.tsx";
import { submitByKey } from "./submit-by-key.ts";
import { WhenFields } from "./when-fields.tsx";

/** Create a job. */
export function NewJobPage() {
  const [id, setId] = useState("");
  const [description, setDescription] = useState("");
  const [chosen, setChosen] = useState<string>();
  const [params, setParams] = useState(paramsOf(undefined));
  const [when, setWhen] = useState(NEW_WHEN);
  const [rules, setRules] = useState(NEW_RULES);
  const [broken, setBroken] = useState<string>();
  const { data: pipelines, error: noPipelines } = useAsk("GET /pipelines", {});
  const pipeline = chosen ?? pipelines?.items[0]?.name ?? "";
  const found = pipelines?.items.find(({ name }) => name === pipeline);
  const schema = found?.paramsSchema ?? null;
  const create = useChange("POST /jobs");
  const errorAt = (name: string) => errorOf(create.error, name);
  const isShown = ["id", "description", "params", "condition", "tags", "owner", "retry"].some(
    errorAt,
  );
  const schedule = scheduleBody(when);
  const ruled = rulesBody(rules, NEW_RULES);
  const save = (): void => {
    setBroken(undefined);
    try {
      const given = paramsBody(params, schema);
      const body = {
        pipeline,
        ...(id === "" ? {} : { id }),
        ...(description === "" ? {} : { description }),
        ...(given === undefined ? {} : { params: given }),
        ...schedule,
        ...ruled,
      } as Body<"POST /jobs">;
      create.mutate(
        { body },
        {
          onSuccess: (job) => {
            notice.set({ text: `${job.id} is created` });
            go(pathTo("job", job.id));
          },
        },
      );
    } catch (error) {
      setBroken(`These params are no JSON: ${(error as Error).message}`);
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save();
  };
  return (
    <Page
      title="Create New Job"
      way={[{ text: "Jobs", to: pathTo("jobs") }, { text: "Create New Job" }]}
    >
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- ⌘↵ saves from any field */}
      <form className="two formpage" onSubmit={submit} onKeyDown={submitByKey(save)}>
        <div className="formcol">
          <h1>Create New Job</h1>
          <section className="sec" aria-labelledby="what">
            <h2 id="what">What</h2>
            <Field
              label="Name"
              hint="Its id, everywhere. Made of the rest if empty."
              error={errorAt("id")}
            >
              <input
                className="in"
                value={id}
                spellCheck={false}
                autoFocus
                onChange={(event) => setId(event.target.value)}
              />
            </Field>
            <Field label="Description" error={errorAt("description")}>
              <input
                className="in"
                value={description}
                onChange={(event) => setDescription(event.target.value)}
              />
            </Field>
            {noPipelines && <ProblemNote error={noPipelines} />}
            <Field
              label="Runs"
              hint={
                found?.executesCode
                  ? "Its params can execute code: only who is allowed to may save it."
                  : undefined
              }
            >
              <select
                className="in"
                value={pipeline}
                onChange={(event) => setChosen(event.target.value)}
              >
                {pipelines?.items.map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </Field>
            <ParamsFields
              schema={schema}
              state={params}
              change={setParams}
              error={broken ?? errorAt("params")}
            />
          </section>
          <WhenFields when={when} change={(change) => setWhen({ ...when, ...change })} />
          <RulesFields
            rules={rules}
            change={(change) => setRules({ ...rules, ...change })}
            error={errorAt}
          />
        </div>
        <aside className="preview" aria-label="Preview">
          <PreviewBox schedule={schedule} rules={previewRules(ruled)} />
          {create.error && !isShown && <ProblemNote error={create.error} />}
          <div className="row save">
            <button className="btn primary" disabled={create.isPending || pipeline === ""}>
              Create Job
            </button>
            <Link className="btn quiet" to={pathTo("jobs")}>
              Cancel
            </Link>
            <span className="m end keys">
              <kbd>⌘</kbd> <kbd>↵</kbd>
            </span>
          </div>
        </aside>
      </form>
    </Page>
  );
}
