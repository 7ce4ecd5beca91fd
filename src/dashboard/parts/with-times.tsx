import { TimeOf } from "./time-of.tsx";

const INSTANT = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z)/;

/** A sentence of the server, with the instants in it as the reader reads them. */
export function WithTimes({
  text,
  zone,
}: {
  readonly text: string;
  readonly zone?: string | undefined;
}) {
  return (
    <>
      {text.split(INSTANT).map((part, i) =>
        // Every second part is what was split by; parts have no other name than their place.
        // oxlint-disable-next-line react/no-array-index-key
        i % 2 === 1 ? <TimeOf key={i} at={part} zone={zone} /> : part,
      )}
    </>
  );
}
