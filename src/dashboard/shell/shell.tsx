import { type ReactNode, useEffect, useId, useState } from "react";
import { ask } from "../app/ask.ts";
import { isLive, liveState, startLive, toggleLive } from "../app/live.ts";
import { leave, useMe } from "../app/session.tsx";
import { useStore } from "../app/store.ts";
import { toggleTheme } from "../app/theme.ts";
import {
  nextZone,
  OWN_ZONE,
  relativeTime,
  useNow,
  zoneChoice,
  zoneName,
} from "../app/shown-times.ts";
import { Crumbs } from "../parts/page.tsx";
import { NoticeBar } from "../parts/notice.tsx";
import { Icon } from "../parts/glyph.tsx";
import { crumbs } from "./crumbs.ts";
import { JumpBox } from "./jump-box.tsx";
import { startKeys } from "./keys.ts";
import { Rail } from "./rail.tsx";

/** What stands around every page. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { session } = useMe();
  const [isJumping, setIsJumping] = useState(false);
  useEffect(() => startKeys(() => setIsJumping(true)), []);
  useEffect(() => startLive(session?.id ?? "local"), [session?.id]);
  return (
    <>
      <a className="skip" href="#main">
        To the content
      </a>
      <div className="app">
        <Rail />
        <div>
          <header className="top">
            <Crumbs way={useStore(crumbs)} />
            <span className="gap" />
            <button type="button" className="btn find" onClick={() => setIsJumping(true)}>
              <Icon name="search" />
              <span>Search or jump to…</span>
              <kbd aria-hidden="true">⌘K</kbd>
            </button>
            <Live />
            <Zone />
            <button
              type="button"
              className="btn quiet icon"
              aria-label="Dark or light"
              onClick={toggleTheme}
            >
              <Icon name="theme" />
            </button>
            <Account />
          </header>
          {children}
        </div>
      </div>
      <NoticeBar />
      {isJumping && <JumpBox close={() => setIsJumping(false)} />}
    </>
  );
}

/** Whether what is shown is renewed by itself, and the switch for that. */
function Live() {
  const on = useStore(isLive);
  const state = useStore(liveState);
  const now = useNow(5_000);
  const isFresh = on && state.isOpen;
  const age =
    state.since === undefined ? "" : relativeTime(new Date(state.since).toISOString(), now);
  const text = on
    ? state.isOpen
      ? "Live"
      : state.since === undefined
        ? "Connecting"
        : `Offline, ${age}`
    : "Paused";
  return (
    <button
      type="button"
      className="btn quiet live"
      aria-pressed={on}
      data-fresh={isFresh}
      title={on ? "Pause live updates (L)" : "Go on with live updates (L)"}
      onClick={toggleLive}
    >
      <i />
      {text}
    </button>
  );
}

/** In which zone times are shown. */
function Zone() {
  const choice = useStore(zoneChoice);
  const text = choice === "utc" ? "UTC" : choice === "job" ? "Job’s zone" : zoneName(OWN_ZONE);
  return (
    <button
      type="button"
      className="btn quiet zone"
      title="Your zone, the job’s, UTC (Z)"
      aria-label={`Times in: ${text}. Change`}
      onClick={nextZone}
    >
      {text}
    </button>
  );
}

/** Who is signed in, and the way out. */
function Account() {
  const me = useMe();
  const id = useId();
  const signOut = async (): Promise<void> => {
    await ask("POST /session/end", { body: {} }).catch(() => undefined);
    leave();
  };
  return (
    <>
      <button
        type="button"
        className="btn quiet icon"
        aria-label={`${me.user ?? me.actor.id}, account`}
        popoverTarget={id}
      >
        <Icon name="person" />
      </button>
      <div popover="auto" id={id} className="menu account">
        <p>
          <b>{me.user ?? me.actor.id}</b>
          <br />
          <span className="m">{me.role}</span>
        </p>
        {me.session && (
          <button type="button" className="btn" onClick={() => void signOut()}>
            Sign out
          </button>
        )}
      </div>
    </>
  );
}
