import { SETTINGS } from "../../../config/settings/setting-infos.ts";
import { withoutPasswords } from "../../../core/shown.ts";
import type { Call } from "../../call.ts";
import { harmless } from "../../output/harmless.ts";
import { tableOf } from "../../output/table.ts";

const MASK = "********";

/** `cronduit config`: every setting, its value and where that comes from; secrets masked. */
export async function run(call: Call): Promise<void> {
  const { values, origins, file } = call.read;
  const items = SETTINGS.map(({ name, isSecret }) => {
    const value = values[name] ?? null;
    // Of a connection, all but the password is worth seeing.
    const masked = name === "connection" ? withoutPasswords(String(value)) : MASK;
    const { from, name: where } = origins[name];
    return { name, value: isSecret && value !== null ? masked : value, from, where };
  });
  if (call.output === "ndjson") return items.forEach((item) => call.printJson(item));
  call.answer({ file: file ?? null, items }, () =>
    tableOf(
      items,
      [
        { title: "SETTING", cell: ({ name }) => name },
        { title: "VALUE", cell: ({ value }) => harmless(valueText(value)) },
        {
          title: "FROM",
          cell: ({ from, where }) =>
            from === "default" ? call.paint("quiet", where) : harmless(where),
        },
      ],
      { columns: undefined, bold: (text) => call.paint("strong", text) },
    ),
  );
  if (call.output === "table")
    call.tell(file === undefined ? "No cronduit.toml." : `File: ${harmless(file)}`);
}

function valueText(value: string | number | boolean | readonly string[] | null): string {
  if (value === null) return "–";
  return Array.isArray(value) ? value.join(", ") : String(value);
}
