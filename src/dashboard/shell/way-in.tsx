import type { ReactNode } from "react";
import { toggleTheme } from "../app/theme.ts";
import { Icon } from "../parts/glyph.tsx";

/** What stands around the ways in. */
export function WayIn({ children }: { readonly children: ReactNode }) {
  return (
    <main className="sign">
      <div className="signbox">
        <p className="brand big">
          <Icon name="brand" />
          <span>cronduit</span>
        </p>
        {children}
      </div>
      <p className="signfoot">
        <span className="m">Every promise has a verdict.</span>
      </p>
      <button
        type="button"
        className="btn quiet icon signtheme"
        aria-label="Dark or light"
        onClick={toggleTheme}
      >
        <Icon name="theme" />
      </button>
    </main>
  );
}
