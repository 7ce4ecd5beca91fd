import type { EventAnswer } from "../../api/contract/event-routes.ts";
import { addressOf } from "./ask.ts";
import { later, serverNow } from "./browser-clock.ts";
import { queries } from "./queries.ts";
import { Store } from "./store.ts";
import { HOME } from "./where.ts";

/** How the stream stands. */
export interface LiveState {
  readonly isOpen: boolean;
  /** When something last came; absent: nothing yet. */
  readonly since: number | undefined;
}

/** Whether what is shown is renewed by itself. */
export const isLive = new Store(true);
/** How the stream stands, whichever tab holds it. */
export const liveState = new Store<LiveState>({ isOpen: false, since: undefined });

/** The latest events, the oldest first. */
export const seenEvents = new Store<readonly EventAnswer[]>([]);
const MOST_SEEN = 2_000;

/** What tabs tell each other. */
type Message =
  | { readonly kind: "events"; readonly events: readonly EventAnswer[]; readonly id: string }
  | { readonly kind: "resync"; readonly id: string }
  | { readonly kind: "state"; readonly state: LiveState }
  | { readonly kind: "hello" };

/** What is shown is asked again at most so often, however much happens. */
const PAUSE_MS = 1_000;
const WAIT_MS = { first: 2_000, most: 60_000 };

let touched: Set<string> | "all" = new Set();
let cancelRenewal: (() => void) | undefined;

/** Switches renewal on or off, in this tab. */
export function toggleLive(): void {
  isLive.set(!isLive.value);
  if (isLive.value) void queries.invalidateQueries();
}

/**
 * Follows what happens. Of all tabs of a session one holds the stream, since a browser allows six of HTTP/1.1 at once, and tells the
 * others. @returns what ends it
 */
export function startLive(session: string): () => void {
  const name = `cronduit ${HOME} ${session}`;
  const channel = new BroadcastChannel(name);
  const end = new AbortController();
  let lastId: string | undefined;
  const take = (message: Message): void => {
    if (message.kind === "state") return liveState.set(message.state);
    if (message.kind === "hello") return undefined;
    lastId = message.id;
    note(message.kind === "resync" ? "all" : message.events);
  };
  channel.addEventListener("message", ({ data }: MessageEvent<Message>) => take(data));
  const tell = (message: Message): void => {
    take(message);
    channel.postMessage(message);
  };
  const lead = (): Promise<void> => {
    // A tab that opens later learns at once how the stream stands.
    channel.addEventListener("message", ({ data }: MessageEvent<Message>) => {
      if (data.kind === "hello") channel.postMessage({ kind: "state", state: liveState.value });
    });
    return hold(() => lastId, tell, end.signal);
  };
  channel.postMessage({ kind: "hello" } satisfies Message);
  // Without locks (an old browser), every tab holds its own.
  const locks = navigator.locks as LockManager | undefined;
  const leading = locks ? locks.request(name, { signal: end.signal }, lead) : lead();
  leading.catch(() => undefined);
  return () => {
    end.abort();
    channel.close();
  };
}

/** Holds a stream, and opens another if it breaks, until told to end. */
async function hold(
  lastId: () => string | undefined,
  tell: (message: Message) => void,
  signal: AbortSignal,
): Promise<void> {
  let waitMs = WAIT_MS.first;
  while (!signal.aborted) {
    const wasOpen = await stream(lastId(), tell, signal);
    if (signal.aborted) return;
    tell({ kind: "state", state: { ...liveState.value, isOpen: false } });
    waitMs = wasOpen ? WAIT_MS.first : Math.min(WAIT_MS.most, waitMs * 2);
    // The session may have ended.
    void queries.invalidateQueries({ queryKey: ["session"] });
    await new Promise<void>((resolve) => {
      const cancel = later(waitMs, resolve);
      signal.addEventListener("abort", () => (cancel(), resolve()), { once: true });
    });
  }
}

/** One connection. @returns whether it was open at all */
function stream(
  lastEventId: string | undefined,
  tell: (message: Message) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const { url } = addressOf("GET /events", { query: { lastEventId } });
  const source = new EventSource(url);
  let wasOpen = false;
  const state = (isOpen: boolean): void =>
    tell({ kind: "state", state: { isOpen, since: isOpen ? serverNow() : liveState.value.since } });
  const on = (type: string, read: (data: string, id: string) => Message): void =>
    source.addEventListener(type, (event: MessageEvent<string>) =>
      tell(read(event.data, event.lastEventId)),
    );
  on("message", (data, id) => ({ kind: "events", events: [JSON.parse(data) as EventAnswer], id }));
  on("batch", (data, id) => ({
    kind: "events",
    ...(JSON.parse(data) as { events: EventAnswer[] }),
    id,
  }));
  on("resync", (_data, id) => ({ kind: "resync", id }));
  return new Promise((resolve) => {
    const close = (): void => {
      source.close();
      resolve(wasOpen);
    };
    source.addEventListener("open", () => {
      // What happened since the page was asked for, and until now, came to nobody.
      note("all");
      wasOpen = true;
      state(true);
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) close();
      else state(false);
    });
    signal.addEventListener("abort", close, { once: true });
  });
}

/** Something happened: what shows it is asked again, soon. */
function note(events: readonly EventAnswer[] | "all"): void {
  if (events !== "all") seenEvents.set([...seenEvents.value, ...events].slice(-MOST_SEEN));
  if (events === "all") touched = "all";
  else if (touched !== "all") for (const { jobId } of events) touched.add(jobId ?? "");
  cancelRenewal ??= later(PAUSE_MS, renew);
}

function renew(): void {
  const seen = touched;
  touched = new Set();
  cancelRenewal = undefined;
  if (!isLive.value) return;
  void queries.invalidateQueries({
    predicate: ({ queryKey: [place, asked] }) => place !== "session" && concerns(asked, seen),
    // A tab that nobody sees asks when it is looked at.
    refetchType: document.hidden ? "none" : "active",
  });
}

/** Whether an answer may be another one now: those about one job are not, if nothing happened to it. */
function concerns(asked: unknown, seen: ReadonlySet<string> | "all"): boolean {
  const { path } = (asked ?? {}) as { readonly path?: Readonly<Record<string, string>> };
  const jobId = path?.["jobId"];
  return seen === "all" || jobId === undefined || seen.has(jobId);
}
