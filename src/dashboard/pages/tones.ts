const TONES = ["k", "l", "x", "b", "f", "p"] as const;
/** A promise's colour, by its letter. */
export type Tone = (typeof TONES)[number];

let known: { readonly key: string; readonly colors: Readonly<Record<Tone, string>> } | undefined;

/** The colours of promises in the theme that is shown, for what is drawn on a canvas. */
export function toneColors(): Readonly<Record<Tone, string>> {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const key = `${document.documentElement.dataset["theme"] ?? ""} ${isDark}`;
  if (known?.key === key) return known.colors;
  const probe = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  document.body.append(probe);
  const colors = Object.fromEntries(
    TONES.map((tone) => {
      probe.setAttribute("class", tone);
      return [tone, getComputedStyle(probe).color];
    }),
  ) as Record<Tone, string>;
  probe.remove();
  known = { key, colors };
  return colors;
}
