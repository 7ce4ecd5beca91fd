import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from "react";
import { useAsk } from "../app/queries.ts";
import { go, pathTo } from "../app/where.ts";
import { Icon } from "../parts/glyph.tsx";
import { ENTRIES } from "./entries.ts";

interface Choice {
  readonly name: string;
  readonly says: string;
  readonly to: string;
}

/** Jumps to a page or a job by a few letters of its name. */
export function JumpBox({ close }: { readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [index, setIndex] = useState(0);
  const id = useId();
  const choices = useChoices(text);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  const take = (choice: Choice | undefined): void => {
    if (!choice) return;
    close();
    go(choice.to);
  };
  const press = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setIndex(Math.min(choices.length - 1, Math.max(0, index + step)));
    } else if (event.key === "Enter") take(choices[index]);
  };
  return (
    <dialog ref={dialog} className="small jump" aria-label="Search or jump to" onClose={close}>
      <div className="search">
        <Icon name="search" />
        <input
          role="combobox"
          aria-label="Search or jump to"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={choices.length > 0 ? `${id}-${index}` : undefined}
          value={text}
          autoFocus
          spellCheck={false}
          onChange={(event) => {
            setText(event.target.value);
            setIndex(0);
          }}
          onKeyDown={press}
        />
      </div>
      <div role="listbox" id={id} aria-label="Pages and jobs">
        {choices.map((choice, i) => (
          // The box holds the focus; its keys choose.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            key={choice.to}
            role="option"
            id={`${id}-${i}`}
            aria-selected={i === index}
            onClick={() => take(choice)}
          >
            <span className="cut">{choice.name}</span> <span className="m cut">{choice.says}</span>
          </div>
        ))}
      </div>
    </dialog>
  );
}

/** Pages whose name fits, then jobs. */
function useChoices(text: string): readonly Choice[] {
  const words = useDeferredValue(text.trim());
  const { data } = useAsk(
    "GET /jobs",
    { query: { text: words, limit: 8 } },
    { isOff: words === "" },
  );
  const pages = [
    ...ENTRIES.map(({ text: name, page }) => ({ name, says: "page", to: pathTo(page) })),
    { name: "Create New Job", says: "page", to: pathTo("new") },
  ].filter(({ name }) => name.toLowerCase().includes(words.toLowerCase()));
  const jobs = words === "" ? [] : (data?.items ?? []);
  return [
    ...pages,
    ...jobs.map((job) => ({ name: job.id, says: job.scheduleInShort, to: pathTo("job", job.id) })),
  ];
}
